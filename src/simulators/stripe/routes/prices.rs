use super::super::cx::Cx;
use super::super::listing::{Page, Span};
use super::super::search::Search;
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let page = Page::take(params)?;
    let active = params.boolean("active")?;
    let product = params.text("product")?;
    let currency = params.text("currency")?;
    let lookup_keys = params.texts("lookup_keys")?;
    let recurring = params.choice("type", &[("recurring", true), ("one_time", false)])?;
    let created = Span::take(params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.prices,
        "/v1/prices",
        |price| {
            active.is_none_or(|active| price.active == active)
                && product.as_ref().is_none_or(|product| price.product == *product)
                && currency
                    .as_ref()
                    .is_none_or(|currency| price.currency == *currency)
                && recurring.is_none_or(|recurring| price.recurring.is_some() == recurring)
                && (lookup_keys.is_empty()
                    || price
                        .lookup_key
                        .as_ref()
                        .is_some_and(|key| lookup_keys.contains(key)))
                && created.holds(price.created)
        },
        |price| price.render(cx.state.livemode),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let all = cx
        .state
        .prices
        .newest_first()
        .map(|price| price.render(cx.state.livemode));
    Ok(search.among(all, "/v1/prices/search"))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "price")
}
