use super::super::cx::Cx;
use super::super::listing::{Page, Span};
use super::super::search::Search;
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let active = call.params.boolean("active")?;
    let ids = call.params.texts("ids")?;
    let created = Span::take(&mut call.params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.products,
        "/v1/products",
        |product| {
            active.is_none_or(|active| product.active == active)
                && (ids.is_empty() || ids.contains(&product.id))
                && created.holds(product.created)
        },
        |product| product.render(cx.state.livemode),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let all = cx
        .state
        .products
        .newest_first()
        .map(|product| product.render(cx.state.livemode));
    Ok(search.among(all, "/v1/products/search"))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "product")
}
