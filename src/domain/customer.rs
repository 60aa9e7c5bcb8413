//! Customers: owners in the application, and their counterparts at the providers.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{CustomerId, LinkId, ObjectId},
    provider::{Book, words},
};

/// What kind of owner pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// An organization of the application; asked before the user when both are known.
    Organization,
    /// A single user of the application.
    User,
}

words!(Scope, "scope", { Organization => "organization", User => "user" });

/// An owner: the application's own id of a user or organization.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// User or organization.
    pub scope: Scope,
    /// The application's id for it.
    pub external_id: ObjectId,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scope, self.external_id)
    }
}

/// A customer. Without an owner it stands for a provider's customer that nobody has claimed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// billdeck's id.
    pub id: CustomerId,
    /// Who it is in the application, once known.
    pub owner: Option<Owner>,
    /// E-mail address as last seen.
    pub email: Option<String>,
    /// Name as last seen.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Set when this customer's links were moved to another one: its id still answers, with that customer.
    pub merged_into: Option<CustomerId>,
}

/// One customer object at one provider. Everything of that provider hangs on its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerLink {
    /// billdeck's id of the link.
    pub id: LinkId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where.
    pub book: Book,
    /// The provider's customer id.
    pub provider_customer_id: ObjectId,
    /// The e-mail address that the provider has.
    pub email: Option<String>,
    /// The name that the provider has.
    pub name: Option<String>,
    /// The one used for new purchases, when an owner has several at one provider.
    pub is_default: bool,
    /// The provider deleted the object; its history stays.
    pub deleted: bool,
}

/// Which metadata keys name the owner, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkingRules {
    /// Keys that name an organization.
    pub organization_keys: Vec<String>,
    /// Keys that name a user.
    pub user_keys: Vec<String>,
    /// Keys that name an owner without saying which scope.
    pub unscoped_keys: Vec<String>,
    /// The scope given to an owner that an unscoped key names and nobody knows yet.
    pub default_scope: Scope,
}

impl Default for LinkingRules {
    fn default() -> Self {
        let keys = |list: &[&str]| list.iter().map(|&key| key.to_owned()).collect();
        Self {
            organization_keys: keys(&["organizationId", "organization_id"]),
            user_keys: keys(&["userId", "user_id"]),
            unscoped_keys: keys(&["referenceId", "client_reference_id", "external_id"]),
            default_scope: Scope::Organization,
        }
    }
}

/// What a provider's object says about its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerHint {
    /// The scope is certain.
    Certain(Owner),
    /// Only the application's id is known: an organization with it, else a user with it, else the default scope.
    Unscoped {
        /// The application's id.
        external_id: ObjectId,
        /// Used when no owner with this id exists.
        default_scope: Scope,
    },
}

impl OwnerHint {
    /// The owners that this hint may mean, best first.
    pub fn candidates(&self) -> Vec<Owner> {
        match self {
            Self::Certain(owner) => vec![owner.clone()],
            Self::Unscoped { external_id, .. } => [Scope::Organization, Scope::User]
                .map(|scope| Owner {
                    scope,
                    external_id: external_id.clone(),
                })
                .to_vec(),
        }
    }

    /// The owner to make when none of the candidates exists.
    pub fn owner_if_new(&self) -> Owner {
        match self {
            Self::Certain(owner) => owner.clone(),
            Self::Unscoped {
                external_id,
                default_scope,
            } => Owner {
                scope: *default_scope,
                external_id: external_id.clone(),
            },
        }
    }
}

impl LinkingRules {
    /// Reads the owner from an object's metadata: organization keys first, then user keys, then unscoped ones.
    /// A value that cannot be an id (empty, too long) names nobody.
    pub fn hint(&self, metadata: &BTreeMap<String, String>) -> Option<OwnerHint> {
        let find = |keys: &[String]| {
            keys.iter()
                .filter_map(|key| metadata.get(key))
                .find_map(|value| ObjectId::new(value.trim()).ok())
        };
        if let Some(external_id) = find(&self.organization_keys) {
            return Some(OwnerHint::Certain(Owner {
                scope: Scope::Organization,
                external_id,
            }));
        }
        if let Some(external_id) = find(&self.user_keys) {
            return Some(OwnerHint::Certain(Owner {
                scope: Scope::User,
                external_id,
            }));
        }
        let external_id = find(&self.unscoped_keys)?;
        Some(OwnerHint::Unscoped {
            external_id,
            default_scope: self.default_scope,
        })
    }
}

/// A customer as lists and JSON show it (contract §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerView {
    /// The customer itself.
    pub customer: Customer,
    /// Its links in the environment served, by provider.
    pub links: Vec<CustomerLink>,
    /// When it was made.
    pub created_at: Timestamp,
}
