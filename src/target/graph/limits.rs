//! How much room the tenant has: objects, and seats of the licences.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::GraphTarget;
use super::crew::Denied;
use super::line::Call;
use super::read::Listing;
use super::users_read::PAGE;
use super::words::text;
use crate::model::entry::Licence;
use crate::model::observed::{Limit, LimitKind};
use crate::target::TargetError;

/// Of a tenant with a verified domain, if neither it nor the settings tell.
const OBJECTS_MAX: u64 = 300_000;

impl GraphTarget {
    /// What the service tells of its limits, and what the settings say where it does not.
    pub(super) async fn read_limits(&self) -> Result<Vec<Limit>, TargetError> {
        let size = self.read_size().await?;
        self.is_full.store(size.used >= size.total, Ordering::Relaxed);
        let mut limits = vec![size];
        if self.settings.licences.is_empty() {
            return Ok(limits);
        }
        let answer = self.look(Call::get("/subscribedSkus"), 3).await?;
        if answer.status != 200 {
            return Err(super::read::unreadable("licences", answer.status, &answer.body));
        }
        let skus = answer.body.get("value").and_then(Value::as_array);
        let mut products: BTreeMap<String, Vec<Licence>> = BTreeMap::new();
        for (licence, wanted) in &self.settings.licences {
            products.entry(wanted.to_lowercase()).or_default().push(*licence);
        }
        for (wanted, licences) in products {
            let is_it = |sku: &&Value| text(sku, "skuId").eq_ignore_ascii_case(&wanted);
            let sku = skus.into_iter().flatten().find(is_it);
            let number = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or(0);
            let seats = |sku: &Value| {
                // A subscription that has expired can be used until it is suspended.
                let units = |name| number(sku.get("prepaidUnits").and_then(|all| all.get(name)));
                units("enabled") + units("warning")
            };
            limits.push(Limit {
                what: match licences.as_slice() {
                    [licence] => LimitKind::Seats(*licence),
                    _ => LimitKind::SharedSeats,
                },
                // A product that the tenant does not have gives no seat.
                total: sku.map_or(0, seats),
                used: sku.map_or(0, |sku| number(sku.get("consumedUnits"))),
            });
        }
        Ok(limits)
    }

    /// Objects of the tenant. Only `beta` tells; where it does not, the setting (or what is usual)
    /// and our own count, those in the bin among them.
    pub(super) async fn read_size(&self) -> Result<Limit, TargetError> {
        let to = self.reader(&Denied::new())?.line.beta("/organization?$select=directorySizeQuota");
        let answer = self.look(Call::get(&to), 1).await?;
        let first = answer.body.get("value").and_then(Value::as_array).and_then(|all| all.first());
        let size = first.and_then(|one| one.get("directorySizeQuota"));
        let number = |name: &str| size.and_then(|size| size.get(name)).and_then(Value::as_u64);
        let what = LimitKind::DirectoryObjects;
        if let (200, Some(total), Some(used)) = (answer.status, number("total"), number("used")) {
            return Ok(Limit { what, total, used });
        }
        let known = {
            let memory = &self.mirror().memory;
            memory.known() + memory.strangers.len()
        };
        let known = u64::try_from(known).unwrap_or(u64::MAX);
        let used = known.saturating_add(self.count_deleted().await?);
        let total = self.settings.directory_quota.unwrap_or(OBJECTS_MAX);
        Ok(Limit { what, total, used })
    }

    /// Objects in the bin: for thirty days they count as the others do.
    async fn count_deleted(&self) -> Result<u64, TargetError> {
        let mut count = 0;
        for (kind, what) in [("user", "deleted users"), ("group", "deleted groups")] {
            let first =
                format!("/directory/deletedItems/microsoft.graph.{kind}?$select=id&$top={PAGE}");
            let listing = Listing { what, first: &first, units: 1 };
            self.pages(listing, |_| count += 1).await?;
        }
        Ok(count)
    }
}
