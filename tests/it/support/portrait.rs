//! What the tables say as a user sees it, so that two ways to one state can be compared: without ids that are made here
//! and without the times of our own bookkeeping, each row under its provider's id. Emptied customers, which no list shows, are
//! left out: whether there is one depends on whether the link was known before its owner.

use sqlx::PgPool;

/// All rows that the worker writes, one line each.
pub(crate) async fn portrait(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(ROWS).fetch_all(pool).await.unwrap()
}

/// Fails with the rows that only one of them has.
pub(crate) fn assert_same(wanted: &[String], found: &[String], what: &str) {
    let only = |these: &[String], those: &[String]| -> String {
        these
            .iter()
            .filter(|row| !those.contains(row))
            .fold(String::new(), |text, row| text + "\n  " + row)
    };
    assert!(
        wanted == found,
        "{what}\nwanted and not found:{}\nfound and not wanted:{}",
        only(wanted, found),
        only(found, wanted)
    );
}

const ROWS: &str = r"
select line from (
    select 'customer ' || coalesce(
            (select string_agg(provider_customer_id, ',' order by provider_customer_id)
             from customer_link where customer_id = customer.id), 'without links')
        || ' ' || (to_jsonb(customer) - '{id,merged_into,created_at,updated_at,search}'::text[])
    from customer
    where merged_into is null
    union all
    select 'link ' || provider_customer_id
        || ' ' || (to_jsonb(customer_link) - '{id,customer_id,created_at,updated_at}'::text[])
    from customer_link
    union all
    select 'subscription ' || coalesce(subscription.provider_subscription_id, '?') || ' of ' || provider_customer_id
        || ' ' || (to_jsonb(subscription)
            - '{id,link_id,verified_at,verified_by_event,created_at,updated_at}'::text[])
        || ' ' || coalesce((
            select jsonb_agg(to_jsonb(item) - 'subscription_id' order by position)
            from subscription_item item where subscription_id = subscription.id)::text, 'without items')
    from subscription join customer_link on customer_link.id = link_id
    union all
    select 'order ' || provider_order_id || ' of ' || coalesce(provider_customer_id, 'nobody')
        || ' ' || (to_jsonb(orders) - '{id,link_id,created_at,updated_at}'::text[])
    from orders left join customer_link on customer_link.id = link_id
    union all
    select 'payment ' || provider_payment_id || ' of ' || coalesce(provider_customer_id, 'nobody')
        || ' for ' || coalesce(provider_order_id, 'nothing')
        || ' ' || (to_jsonb(payment) - '{id,link_id,order_id,created_at,updated_at}'::text[])
    from payment
    left join customer_link on customer_link.id = payment.link_id
    left join orders on orders.id = order_id
    union all
    select 'refund ' || provider_refund_id || ' of ' || provider_payment_id
        || ' ' || (to_jsonb(refund) - '{id,payment_id,created_at,updated_at}'::text[])
    from refund join payment on payment.id = payment_id
    union all
    select 'dispute ' || provider_dispute_id || ' of ' || provider_payment_id
        || ' ' || (to_jsonb(dispute) - '{id,payment_id,created_at,updated_at}'::text[])
    from dispute join payment on payment.id = payment_id
    union all
    select 'checkout ' || checkout.id || ' ' || (to_jsonb(checkout) - '{created_at,updated_at,customer_id}'::text[])
    from checkout
    union all
    select 'fact ' || object_id || ' ' || kind || ' ' || (to_jsonb(ledger) - '{id,event_id,booked_at}'::text[])
    from ledger
) rows (line)
order by line
";
