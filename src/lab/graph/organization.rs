//! The tenant about itself: domains, quota, licences.

use serde_json::{Value, json};

use super::call::{Answer, Done, Request};
use super::desk::Desk;
use super::licences;

pub(super) fn act(desk: &mut Desk, request: &Request, parts: &[&str]) -> Done {
    match parts {
        ["organization"] => {
            let one = organization(desk, request)?;
            let context = desk.context("organization");
            Ok(Answer::ok(json!({"@odata.context": context, "value": [one]})))
        }
        ["organization", key] if *key == desk.options.tenant => {
            Ok(Answer::ok(organization(desk, request)?))
        }
        ["domains"] => {
            let value: Vec<Value> = domains(desk)
                .into_iter()
                .map(|domain| {
                    json!({
                        "id": domain["name"], "isVerified": true, "isDefault": domain["isDefault"],
                        "isInitial": domain["isInitial"], "authenticationType": "Managed",
                        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
                    })
                })
                .collect();
            let context = desk.context("domains");
            Ok(Answer::ok(json!({"@odata.context": context, "value": value})))
        }
        ["subscribedSkus"] => Ok(skus(desk)),
        _ => Err(super::routes::no_segment(parts)),
    }
}

fn domains(desk: &Desk) -> Vec<Value> {
    let all = desk.options.domains.iter().enumerate();
    all.map(|(at, name)| {
        json!({
            "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": at == 0,
            "isInitial": name.ends_with(".onmicrosoft.com"), "name": name, "type": "Managed",
        })
    })
    .collect()
}

fn organization(desk: &mut Desk, request: &Request) -> Result<Value, Answer> {
    let mut all = json!({
        "id": desk.options.tenant, "displayName": "Lab", "countryLetterCode": "FR",
        "preferredLanguage": "fr", "tenantType": "AAD", "createdDateTime": "2015-09-01T00:00:00Z",
        "verifiedDomains": domains(desk), "onPremisesSyncEnabled": null, "assignedPlans": [],
        "businessPhones": [], "technicalNotificationMails": [],
    });
    let select = request.option("select");
    let names: Vec<&str> = select.into_iter().flat_map(|text| text.split(',')).collect();
    if names.contains(&"directorySizeQuota") {
        if !request.beta || !desk.options.limits.quota_told {
            let text = "Parsing OData Select and Expand failed: Could not find a property named \
                        'directorySizeQuota' on type 'microsoft.graph.organization'.";
            return Err(Answer::error(400, "BadRequest", text));
        }
        let used = desk.quota_used();
        all["directorySizeQuota"] = json!({"used": used, "total": desk.directory_objects});
    }
    if let (false, Some(map)) = (names.is_empty(), all.as_object_mut()) {
        map.retain(|name, _| name == "id" || names.contains(&name.as_str()));
    }
    Ok(all)
}

fn skus(desk: &Desk) -> Answer {
    let tenant = &desk.options.tenant;
    let all = desk.options.skus.iter().map(|sku| {
        let seats = desk.seats_of(&sku.sku_id);
        json!({
            "accountName": "Lab", "accountId": tenant, "appliesTo": "User",
            "capabilityStatus": "Enabled", "consumedUnits": licences::consumed(desk, &sku.sku_id),
            "id": format!("{tenant}_{}", sku.sku_id), "skuId": sku.sku_id,
            "skuPartNumber": sku.part_number, "subscriptionIds": [], "servicePlans": [],
            "prepaidUnits": {"enabled": seats, "suspended": 0, "warning": 0, "lockedOut": 0},
        })
    });
    let value: Vec<Value> = all.collect();
    Answer::ok(json!({"@odata.context": desk.context("subscribedSkus"), "value": value}))
}
