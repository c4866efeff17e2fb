//! How much room the tenant has: objects, and seats of the licences.

use serde_json::Value;

use super::GraphTarget;
use super::crew::Denied;
use super::line::Call;
use super::words::text;
use crate::model::observed::{Limit, LimitKind};
use crate::target::TargetError;

impl GraphTarget {
    /// What the service tells of its limits, and what the settings say where it does not.
    pub(super) async fn read_limits(&self) -> Result<Vec<Limit>, TargetError> {
        let mut limits: Vec<Limit> = self.read_size().await?.into_iter().collect();
        if self.settings.licences.is_empty() {
            return Ok(limits);
        }
        let answer = self.look(Call::get("/subscribedSkus"), 3).await?;
        if answer.status != 200 {
            return Err(super::read::unreadable("licences", answer.status, &answer.body));
        }
        let skus = answer.body.get("value").and_then(Value::as_array);
        for (licence, wanted) in &self.settings.licences {
            let is_it = |sku: &&Value| text(sku, "skuId").eq_ignore_ascii_case(wanted);
            let sku = skus.into_iter().flatten().find(is_it);
            let number = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or(0);
            let enabled =
                |sku: &Value| number(sku.get("prepaidUnits").and_then(|p| p.get("enabled")));
            limits.push(Limit {
                what: LimitKind::Seats(*licence),
                // A product that the tenant does not have gives no seat.
                total: sku.map_or(0, enabled),
                used: sku.map_or(0, |sku| number(sku.get("consumedUnits"))),
            });
        }
        Ok(limits)
    }

    /// Objects of the tenant. Only `beta` tells; where it does not, the setting and our own count.
    pub(super) async fn read_size(&self) -> Result<Option<Limit>, TargetError> {
        let to = self.reader(&Denied::new())?.line.beta("/organization?$select=directorySizeQuota");
        let answer = self.look(Call::get(&to), 1).await?;
        let first = answer.body.get("value").and_then(Value::as_array).and_then(|all| all.first());
        let size = first.and_then(|one| one.get("directorySizeQuota"));
        let number = |name: &str| size.and_then(|size| size.get(name)).and_then(Value::as_u64);
        let what = LimitKind::DirectoryObjects;
        if let (200, Some(total), Some(used)) = (answer.status, number("total"), number("used")) {
            return Ok(Some(Limit { what, total, used }));
        }
        let memory = &self.mirror().memory;
        let known = memory.known() + memory.strangers.len();
        let used = u64::try_from(known).unwrap_or(u64::MAX);
        Ok(self.settings.directory_quota.map(|total| Limit { what, total, used }))
    }
}
