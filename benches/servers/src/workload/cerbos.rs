//! Cerbos beside us: policies that decide the same, and the configuration under which it is measured.
//!
//! Cerbos has no directory: who has which role comes with each request, in `subject.properties["cerbos.roles"]`. That is how it is meant to be used
//! and how it is fastest, so members are not written as principal policies, of which a thousand would have to be looked through. A role's
//! permissions become a rule in the resource policy of each type it speaks of: ten policies of at most five rules, without conditions, scopes,
//! derived roles or schemas. Policies lie on the local disk and are not watched; audit, traces, metrics and telemetry are off. A request
//! may hold 100 resources, since 50 is what it takes otherwise.
//!
//! Its rules say what a role is allowed. A deny would have to win against every other role of a principal, which is not what Cerbos means by one,
//! so a field with denies is refused; the five roles have none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis_benches::arguments::about;
use portcullis_benches::field::Field;
use serde_json::{Value, json};

use crate::Trouble;

/// Writes `policies/TYPE.json` for each type into a folder.
///
/// # Errors
/// When a role denies, or a file cannot be written.
pub fn write(folder: &Path, field: &Field) -> Result<(), Trouble> {
    let policies = folder.join("policies");
    fs::create_dir_all(&policies).map_err(about(&policies))?;
    // For each type the roles that speak of it, and the actions that each allows.
    let mut kinds: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for role in &field.roles {
        for rule in &role.rules {
            if rule.deny {
                return Err(format!("expected roles without denies, found one in `{}`", role.name).into());
            }
            for (action, kind) in rule.pairs() {
                let actions = kinds.entry(kind).or_default().entry(&role.name).or_default();
                if !actions.contains(&action) {
                    actions.push(action);
                }
            }
        }
    }
    for (kind, roles) in kinds {
        let rules: Vec<Value> = roles
            .into_iter()
            .map(|(role, actions)| json!({ "actions": actions, "effect": "EFFECT_ALLOW", "roles": [role] }))
            .collect();
        let policy = json!({
            "apiVersion": "api.cerbos.dev/v1",
            "resourcePolicy": { "resource": kind, "version": "default", "rules": rules },
        });
        let file = policies.join(format!("{kind}.json"));
        fs::write(&file, format!("{policy:#}\n")).map_err(about(&file))?;
    }
    Ok(())
}

/// Writes the configuration of a server that listens on two ports of this machine.
///
/// # Errors
/// When the file cannot be written.
pub fn configure(file: &Path, policies: &Path, http: u16, grpc: u16) -> Result<(), Trouble> {
    let configuration = json!({
        "server": {
            "httpListenAddr": format!("127.0.0.1:{http}"),
            "grpcListenAddr": format!("127.0.0.1:{grpc}"),
            "metricsEnabled": false,
            "requestLimits": { "maxActionsPerResource": 50, "maxResourcesPerRequest": 100 },
        },
        "audit": { "enabled": false },
        "telemetry": { "disabled": true },
        "storage": { "driver": "disk", "disk": { "directory": policies, "watchForChanges": false } },
    });
    fs::write(file, format!("{configuration:#}\n")).map_err(about(file))
}
