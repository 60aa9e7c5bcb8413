//! Pages of Stripe's own dashboard.

use crate::domain::provider::{Environment, ObjectKind, ObjectRef};

/// The page of an object; none for kinds that have no page of their own.
pub(super) fn url(environment: Environment, object: &ObjectRef) -> Option<String> {
    let folder = match object.kind {
        ObjectKind::Customer => "customers",
        ObjectKind::Subscription => "subscriptions",
        ObjectKind::Order => "invoices",
        ObjectKind::Payment | ObjectKind::Charge => "payments",
        ObjectKind::Dispute => "disputes",
        ObjectKind::Price => "prices",
        ObjectKind::Checkout | ObjectKind::PaymentLink | ObjectKind::Refund | ObjectKind::Other => {
            return None;
        }
    };
    let mode = match environment {
        Environment::Test => "test/",
        Environment::Live => "",
    };
    // An id goes into an address that a person opens: only what Stripe's ids are made of.
    let id = object.id.as_str();
    let is_plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain.then(|| format!("https://dashboard.stripe.com/{mode}{folder}/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ObjectId;

    #[test]
    fn pages_follow_the_mode_and_odd_ids_have_none() {
        let object = |kind, id: &str| ObjectRef::new(kind, ObjectId::new(id).unwrap());
        let customer = object(ObjectKind::Customer, "cus_1");
        assert_eq!(
            url(Environment::Live, &customer).as_deref(),
            Some("https://dashboard.stripe.com/customers/cus_1")
        );
        let invoice = object(ObjectKind::Order, "in_1");
        assert_eq!(
            url(Environment::Test, &invoice).as_deref(),
            Some("https://dashboard.stripe.com/test/invoices/in_1")
        );
        assert_eq!(
            url(Environment::Test, &object(ObjectKind::Customer, "../x")),
            None
        );
        assert_eq!(url(Environment::Test, &object(ObjectKind::Other, "pm_1")), None);
    }
}
