//! The plan itself: every description judged, applied or left, and what comes of all of them together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Context, Evidence, Known, Plan, Reading, Stop, Testimony, checkout, customer, effects, order, payment,
    refund, subscription, versions,
    versions::Standing,
    working::{Hold, Proof, Working},
};
use crate::domain::{
    event::{Problem, WaitReason},
    ids::ObjectId,
    observation::{Fact, Observation, SubscriptionSeen},
    provider::{ObjectKind, ObjectRef},
    version::{MARGIN, Verdict},
};

/// Plans what the testimonies change in the rows that are known.
///
/// `facts` are booked whatever the version rule says of the descriptions. `fresh` makes the ids of new rows.
///
/// # Errors
///
/// [`Stop::Read`] names objects that have to be read first: plan again with the same testimonies and the reads beside
/// them (and with `ctx.missing` naming what the provider does not have). It can come several times for one event, since
/// an answer may raise the next question. It can name an object that was read: then that answer is too old to settle the
/// doubt, and a new one is wanted, not the same one again. The caller limits its rounds. [`Stop::Wait`] and [`Stop::Fail`] end the try.
pub fn plan(
    known: &Known,
    testimonies: &[Testimony],
    facts: &[Fact],
    ctx: &Context<'_>,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Plan, Stop> {
    let mut round = Round {
        work: Working::new(known, testimonies, ctx, fresh),
        read_now: BTreeMap::new(),
        overtaken: BTreeSet::new(),
        reads: BTreeSet::new(),
        verdicts: BTreeMap::new(),
        failure: None,
        waiting: Vec::new(),
    };
    for item in sorted(testimonies) {
        round.take(item);
    }
    // One read that is new enough is enough, however many older ones stand beside it.
    let read_now = &round.read_now;
    let overtaken = round.overtaken.into_iter();
    round
        .reads
        .extend(overtaken.filter(|object| !read_now.contains_key(object)));
    if !round.reads.is_empty() {
        return Err(Stop::Read(round.reads));
    }
    if let Some(problem) = round.failure {
        return Err(Stop::Fail {
            problem,
            permanent: false,
        });
    }
    let Round {
        work,
        verdicts,
        waiting,
        ..
    } = round;
    let Some(price) = waiting.first().map(|wait| wait.price.clone()) else {
        return Ok(finish(work, known, facts, verdicts));
    };
    drop(work);
    let mut work = Working::new(known, testimonies, ctx, fresh);
    for wait in &waiting {
        meanwhile(&mut work, wait);
    }
    Err(Stop::Wait {
        problem: unknown_price(ctx, &price),
        reason: WaitReason::UnknownPrice(price),
        meanwhile: Box::new(finish(work, known, facts, BTreeMap::new())),
    })
}

/// One description with its evidence.
#[derive(Clone, Copy)]
struct Item<'t> {
    observation: &'t Observation,
    evidence: &'t Evidence,
}

/// A subscription whose price is in no plan.
struct Waiting<'t> {
    price: ObjectId,
    seen: &'t SubscriptionSeen,
    proof: Proof<'t>,
}

/// A read of this very call.
#[derive(Clone, Copy)]
struct ReadNow {
    at: Timestamp,
    /// It is news; else what it says was in place already, or something newer.
    applied: bool,
}

struct Round<'t, 'a> {
    work: Working<'a>,
    /// Objects whose stored state is that of a read of this very call, or of a later one.
    read_now: BTreeMap<ObjectRef, ReadNow>,
    /// Objects with a read of this very call that may be older than what is stored.
    overtaken: BTreeSet<ObjectRef>,
    reads: BTreeSet<ObjectRef>,
    verdicts: BTreeMap<ObjectRef, Verdict>,
    failure: Option<Problem>,
    waiting: Vec<Waiting<'t>>,
}

/// The place of a description among those of one object: a read comes before the bodies that it answers, older before
/// newer. Of two reads the one that began later is the newer one: the answers' dates are whole seconds less the time
/// that the calls took, so of two reads within one second the later one often bears the earlier date.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Read { ticket: i64, at: Timestamp },
    Body { at: Timestamp, event: ObjectId },
}

/// What is mentioned comes before what mentions it, older before newer.
fn sorted(testimonies: &[Testimony]) -> Vec<Item<'_>> {
    let stage = |kind: ObjectKind| match kind {
        ObjectKind::Customer => 0,
        ObjectKind::Subscription => 1,
        ObjectKind::Order => 2,
        ObjectKind::Payment => 3,
        ObjectKind::Charge => 4,
        ObjectKind::PaymentLink => 5,
        ObjectKind::Checkout => 6,
        ObjectKind::Refund => 7,
        ObjectKind::Dispute => 8,
        ObjectKind::Price | ObjectKind::Other => 9,
    };
    let mut items: Vec<Item<'_>> = testimonies
        .iter()
        .flat_map(|testimony| {
            let evidence = &testimony.evidence;
            testimony.observations.iter().map(move |observation| Item {
                observation,
                evidence,
            })
        })
        .collect();
    items.sort_by_cached_key(|item| {
        let by_age = match item.evidence {
            Evidence::Read { at, ticket, .. } => Age::Read {
                ticket: *ticket,
                at: *at,
            },
            Evidence::Body {
                at,
                provider_event_id,
                ..
            } => Age::Body {
                at: *at,
                event: provider_event_id.clone(),
            },
        };
        (stage(item.observation.object().kind), by_age)
    });
    items
}

impl<'t> Round<'t, '_> {
    fn take(&mut self, item: Item<'t>) {
        let object = item.observation.object();
        if self.is_answered(&object, item.evidence) {
            versions::record_seen(&mut self.work, &object, item.evidence);
            return;
        }
        let standing = Standing::of(item.observation);
        let verdict = versions::judge(&self.work.version(&object), item.evidence, standing);
        if let (Evidence::Read { at, .. }, Verdict::Apply | Verdict::Stale | Verdict::InEffect) =
            (item.evidence, verdict)
        {
            let read = ReadNow {
                at: *at,
                applied: verdict == Verdict::Apply,
            };
            let counts = self.read_now.entry(object.clone()).or_insert(read);
            if read.applied || !counts.applied {
                *counts = read;
            }
        }
        if let (Verdict::Stale, Observation::Payment(seen)) = (verdict, item.observation) {
            payment::told_late(&mut self.work, seen);
        }
        let verdict = match (verdict, item.evidence) {
            (Verdict::Stale | Verdict::InEffect, _) => verdict,
            (Verdict::Apply, _) => self.apply(item, &object, standing, false),
            (Verdict::Read, Evidence::Body { .. }) => self.doubt(item, &object, standing),
            // What was read may be older than what is stored: it is read again, not dropped.
            (Verdict::Read, Evidence::Read { .. }) => match self.work.ctx.reading {
                Reading::Possible => {
                    self.overtaken.insert(object.clone());
                    verdict
                }
                Reading::Impossible => Verdict::Stale,
            },
        };
        self.verdicts.insert(object, verdict);
    }

    /// Whether a read of this very call says all that the body could say.
    ///
    /// One that is applied now was asked for on account of the body. One that was in place already may be older than the
    /// body, as far as the margin between the clocks goes.
    fn is_answered(&self, object: &ObjectRef, evidence: &Evidence) -> bool {
        let Evidence::Body { at, .. } = evidence else {
            return false;
        };
        self.read_now.get(object).is_some_and(|read| {
            let later = at.duration_since(read.at);
            if read.applied {
                later <= MARGIN
            } else {
                later < -MARGIN
            }
        })
    }

    fn apply(&mut self, item: Item<'t>, object: &ObjectRef, standing: Standing, unsure: bool) -> Verdict {
        let proof = Proof {
            evidence: item.evidence,
            unsure,
        };
        match dispatch(&mut self.work, item.observation, proof) {
            Ok(true) => versions::record(&mut self.work, object, item.evidence, standing.terminal),
            Ok(false) => {}
            Err(Hold::Read(objects)) => self.reads.extend(objects),
            Err(Hold::Fail(problem)) => {
                self.failure.get_or_insert(problem);
            }
            Err(Hold::Price(price)) => {
                if let Observation::Subscription(seen) = item.observation {
                    self.waiting.push(Waiting { price, seen, proof });
                }
            }
        }
        Verdict::Apply
    }

    /// A body that cannot be told apart from the stored state by the clocks.
    fn doubt(&mut self, item: Item<'t>, object: &ObjectRef, standing: Standing) -> Verdict {
        let Evidence::Body {
            provider_event_id, ..
        } = item.evidence
        else {
            return Verdict::Stale;
        };
        // Two events of one second that say the same leave nothing to doubt, and providers send many such pairs.
        order::settle(&mut self.work);
        let before = self.work.rows.clone();
        let notes = self.work.notes.len();
        let proof = Proof {
            evidence: item.evidence,
            unsure: true,
        };
        let fits = dispatch(&mut self.work, item.observation, proof).is_ok();
        order::settle(&mut self.work);
        let says_the_same = fits && self.work.rows.say_the_same(&before);
        self.work.rows = before;
        self.work.notes.truncate(notes);
        if says_the_same {
            versions::record_seen(&mut self.work, object, item.evidence);
            return Verdict::InEffect;
        }
        let just_read = self.read_now.get(object).is_some_and(|read| read.applied);
        if self.work.ctx.reading == Reading::Possible && !just_read && !self.work.is_gone(object) {
            self.reads.insert(object.clone());
            return Verdict::Read;
        }
        let won = versions::wins(&self.work, object, item.evidence, standing);
        let note = versions::doubt_note(&self.work, object, provider_event_id, won);
        self.work.note(note);
        if won {
            self.apply(item, object, standing, true)
        } else {
            versions::doubt(&mut self.work, object);
            Verdict::Stale
        }
    }
}

/// Applies one description to the rows. Says whether there is now a state of the object to keep a version of.
fn dispatch(work: &mut Working<'_>, observation: &Observation, proof: Proof<'_>) -> Result<bool, Hold> {
    match observation {
        Observation::Customer(seen) => customer::apply(work, seen),
        Observation::Subscription(seen) => subscription::apply(work, seen, proof)?,
        Observation::Checkout(seen) => checkout::apply(work, seen)?,
        Observation::Order(seen) => order::apply(work, seen),
        Observation::PaymentLink(seen) => payment::apply_link(work, seen),
        Observation::Payment(seen) => payment::apply(work, seen, proof),
        Observation::Charge(seen) => payment::apply_charge(work, seen, proof),
        Observation::Refund(seen) => refund::apply(work, seen)?,
        Observation::Dispute(seen) => refund::apply_dispute(work, seen)?,
        Observation::Gone(object) => return Ok(gone(work, object, proof)),
    }
    Ok(true)
}

fn gone(work: &mut Working<'_>, object: &ObjectRef, proof: Proof<'_>) -> bool {
    match object.kind {
        ObjectKind::Customer => customer::gone(work, &object.id),
        ObjectKind::Subscription => subscription::gone(work, &object.id, proof),
        ObjectKind::Checkout => checkout::gone(work, &object.id),
        ObjectKind::Order => order::gone(work, &object.id),
        // Money that was told of has moved, whether or not the provider still shows it.
        ObjectKind::PaymentLink
        | ObjectKind::Payment
        | ObjectKind::Charge
        | ObjectKind::Refund
        | ObjectKind::Dispute
        | ObjectKind::Price
        | ObjectKind::Other => false,
    }
}

/// Applies what does not wait for the price. The version stays as it was, so that the event is applied whole later; only
/// the end is remembered, lest an older body undo it.
fn meanwhile(work: &mut Working<'_>, wait: &Waiting<'_>) {
    let ended = subscription::end_of_access(work, wait.seen, wait.proof);
    if ended && wait.seen.status.is_terminal() {
        let object = ObjectRef::new(ObjectKind::Subscription, wait.seen.id.clone());
        let mut version = work.version(&object);
        version.terminal = true;
        work.versions.insert(object, version);
    }
}

fn unknown_price(ctx: &Context<'_>, price: &ObjectId) -> Problem {
    let provider = ctx.book.provider;
    Problem {
        code: "unknown_price".to_owned(),
        message: format!(
            "the price {price} is in no plan of catalog.toml: add it to its plan's prices for {provider} \
             (`[[plans.<plan>.prices.{provider}]]`, environment {}); the event then goes on by itself",
            ctx.book.environment
        ),
    }
}

fn finish(
    mut work: Working<'_>,
    known: &Known,
    facts: &[Fact],
    verdicts: BTreeMap<ObjectRef, Verdict>,
) -> Plan {
    order::settle(&mut work);
    let Working {
        rows,
        mut versions,
        notes,
        ..
    } = work;
    versions.retain(|object, version| known.versions.get(object) != Some(version));
    Plan {
        writes: rows.writes(),
        facts: facts.to_vec(),
        effects: effects::of(&rows),
        versions,
        verdicts,
        notes,
    }
}
