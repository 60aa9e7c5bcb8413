//! `[linking]`: which metadata keys name the owner of a provider's customer.

use crate::{
    config::{
        check::{Check, words_of},
        schema::raw,
    },
    domain::customer::{LinkingRules, Scope},
};

raw! {
    /// `[linking]`
    struct RawLinking {
        /// Metadata keys that name an organization. Default: `organizationId`, `organization_id`.
        organization_keys: Vec<String> = LinkingRules::default().organization_keys,
        /// Metadata keys that name a user. Default: `userId`, `user_id`.
        user_keys: Vec<String> = LinkingRules::default().user_keys,
        /// Keys that name an owner without its scope: one that exists, organizations first, else `default_scope`.
        /// Default: `referenceId`, Stripe's `client_reference_id`, Polar's `external_id`.
        unscoped_keys: Vec<String> = LinkingRules::default().unscoped_keys,
        /// `organization` or `user`: what a new owner is that an unscoped key names. Default: `organization`.
        default_scope: String = LinkingRules::default().default_scope.to_string(),
    }
}

impl RawLinking {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<LinkingRules> {
        let lists = [
            ("linking.organization_keys", &self.organization_keys),
            ("linking.user_keys", &self.user_keys),
            ("linking.unscoped_keys", &self.unscoped_keys),
        ];
        let mut clean = true;
        for (index, (name, keys)) in lists.iter().enumerate() {
            for key in *keys {
                let earlier = lists[..index].iter().find(|(_, others)| others.contains(key));
                if key.trim().is_empty() {
                    check.fail(name, "holds an empty key");
                } else if let Some((other, _)) = earlier {
                    check.fail(name, format!("`{key}` stands in `{other}` already"));
                } else {
                    continue;
                }
                clean = false;
            }
        }
        let default_scope = check.word("linking.default_scope", &self.default_scope, words_of!(Scope));
        clean.then_some(())?;
        Some(LinkingRules {
            organization_keys: self.organization_keys.clone(),
            user_keys: self.user_keys.clone(),
            unscoped_keys: self.unscoped_keys.clone(),
            default_scope: default_scope?,
        })
    }
}
