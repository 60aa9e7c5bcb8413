//! Where a subscription belongs: its books, its link, its customer.

use sqlx::PgConnection;

use super::{StoreError, row::RowReader};
use crate::domain::{
    ids::{CustomerId, ObjectId, SubscriptionId},
    provider::{Book, Environment},
};

/// Where a subscription belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionPlace {
    /// billdeck's id.
    pub id: SubscriptionId,
    /// Provider and environment.
    pub book: Book,
    /// The provider's id; none while only our own request is known.
    pub provider_subscription_id: Option<ObjectId>,
    /// The provider's customer.
    pub provider_customer_id: ObjectId,
    /// Whose it is.
    pub customer_id: CustomerId,
}

/// Finds a subscription by billdeck's id; none when there is no such one in this environment.
pub async fn subscription_place(
    conn: &mut PgConnection,
    environment: Environment,
    id: SubscriptionId,
) -> Result<Option<SubscriptionPlace>, StoreError> {
    let row = sqlx::query!(
        r#"
        select subscription.provider, subscription.livemode, subscription.provider_subscription_id,
               customer_link.provider_customer_id, customer_link.customer_id
        from subscription
        join customer_link on customer_link.id = subscription.link_id
        where subscription.id = $1 and subscription.livemode = $2
        "#,
        id.as_uuid(),
        environment.livemode(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let reader = RowReader::new("subscription", id);
        Ok(SubscriptionPlace {
            id,
            book: reader.book(&row.provider, row.livemode)?,
            provider_subscription_id: reader
                .optional_object_id("provider_subscription_id", row.provider_subscription_id)?,
            provider_customer_id: reader.object_id("provider_customer_id", row.provider_customer_id)?,
            customer_id: row.customer_id.into(),
        })
    })
    .transpose()
}
