//! The front on loopback: HTTP/1.1, each request a call of the service.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::call::{Call, Outcome};
use super::service::Service;
use crate::lab::server::next_connection;

/// Bytes of a request body; the service takes 4 MB of a batch.
const BODY_MAX: usize = 4 << 20;

/// A connection that ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut, as the service was asked to")]
struct Cut;

/// Serves until it is stopped.
pub(super) async fn accept(
    listener: TcpListener,
    service: Arc<Service>,
    mut stopped: watch::Receiver<bool>,
) {
    while let Some(stream) = next_connection(&listener, &mut stopped).await {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            if let Err(error) = serve(stream, service).await {
                tracing::debug!(%error, "connection of the lab's Graph ended");
            }
        });
    }
}

async fn serve(stream: TcpStream, service: Arc<Service>) -> Result<(), hyper::Error> {
    let answer = service_fn(move |request| respond(request, Arc::clone(&service)));
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await
}

async fn respond(
    request: Request<Incoming>,
    service: Arc<Service>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_MAX).collect().await.map_err(|_| Cut)?.to_bytes();
    let headers = head.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let call = Call {
        method: head.method.as_str().to_owned(),
        path_and_query: head.uri.to_string(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    match service.answer(call).await {
        Outcome::Cut => Err(Cut),
        Outcome::Reply { status, headers, body } => {
            let mut response = Response::new(Full::new(Bytes::from(body)));
            *response.status_mut() = StatusCode::from_u16(status).map_err(|_| Cut)?;
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Cut)?;
                let value = HeaderValue::from_str(&value).map_err(|_| Cut)?;
                response.headers_mut().insert(name, value);
            }
            Ok(response)
        }
    }
}
