//! stub
use std::path::PathBuf;
pub struct Lab;
impl Lab {
    pub fn url(&self) -> String {
        String::new()
    }
    pub fn ca_file(&self) -> PathBuf {
        PathBuf::new()
    }
    pub fn service_password_file(&self) -> PathBuf {
        PathBuf::new()
    }
    pub fn reader_password_file(&self) -> PathBuf {
        PathBuf::new()
    }
}
