//! The outbox's states, lanes and marks.

use boothkeeper_domain::Amount;
use boothkeeper_wire::action::Action;

use super::*;
use crate::cache::Cache;

fn queued(outbox: &Outbox, at: i64, action: Action) -> Uuid {
    let id = Uuid::now_v7();
    let request = action.request(None, None);
    outbox
        .queue(id, &request, Seq(1), Timestamp::from_millis(at))
        .unwrap();
    id
}

fn buy() -> Action {
    Action::BuyCredits {
        amount: Amount::of(5_000),
    }
}

fn applied(head: u64) -> CommandAnswer {
    CommandAnswer {
        state: CommandState::Applied,
        entries: vec![Seq(head)],
        head: Seq(head),
        problem: None,
        quote: None,
        dispute: None,
    }
}

#[test]
fn what_was_sent_is_never_cancelled_and_never_sent_twice() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    assert!(outbox.start_sending(id).unwrap());
    assert!(!outbox.start_sending(id).unwrap(), "a second process");
    assert!(!outbox.cancel(id).unwrap());
    assert_eq!(outbox.recover().unwrap(), 1, "the process died");
    assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Unknown);
    assert!(outbox.never_arrived(id).unwrap());
    assert!(outbox.cancel(id).unwrap());
    assert!(!outbox.start_sending(id).unwrap());
}

#[test]
fn an_applied_command_settles_when_its_entries_are_here() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    outbox.start_sending(id).unwrap();
    assert!(outbox.answered(id, &applied(9)).unwrap());
    assert!(!outbox.answered(id, &applied(9)).unwrap(), "a late repeat");
    let shown = |_: &Command| Ok::<_, StoreError>(true);
    outbox.settle(Seq(8), shown).unwrap();
    assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Applied);
    assert_eq!(outbox.waiting().unwrap(), 1);
    outbox
        .settle(Seq(9), |_| Ok::<_, StoreError>(false))
        .unwrap();
    assert_eq!(
        outbox.get(id).unwrap().unwrap().state,
        State::Applied,
        "without its entry"
    );
    outbox.settle(Seq(9), shown).unwrap();
    assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Settled);
    assert_eq!(outbox.waiting().unwrap(), 0);
}

#[test]
fn command_taken_back_while_unanswered_is_not_sent_again() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    outbox.start_sending(id).unwrap();
    outbox.lost(id).unwrap();
    assert!(outbox.cancel(id).unwrap());
    let command = outbox.get(id).unwrap().unwrap();
    assert_eq!((command.state, command.withdrawn), (State::Unknown, true));
    assert!(outbox.never_arrived(id).unwrap());
    assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Cancelled);
    // What has happened all the same is told as it is.
    let id = queued(&outbox, 2, buy());
    outbox.start_sending(id).unwrap();
    outbox.lost(id).unwrap();
    outbox.cancel(id).unwrap();
    assert!(outbox.answered(id, &applied(4)).unwrap());
    assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Applied);
}

#[test]
fn command_refused_again_and_again_ends_as_rejected() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    let problem = Problem::new(boothkeeper_wire::problem::ProblemCode::BlobMissing);
    for _ in 1..PATIENCE / Trouble::Refused.weight() {
        outbox.start_sending(id).unwrap();
        assert!(outbox.troubled(id, Trouble::Refused, &problem).unwrap());
        assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Queued);
    }
    outbox.start_sending(id).unwrap();
    assert!(outbox.troubled(id, Trouble::Refused, &problem).unwrap());
    let command = outbox.get(id).unwrap().unwrap();
    assert_eq!(command.state, State::Rejected);
    assert_eq!(command.problem, Some(problem));
    assert_eq!(outbox.next(&[]).unwrap(), None);
}

#[test]
fn what_was_marked_and_changed_on_disk_is_not_believed() {
    let outbox = Outbox::in_memory().unwrap();
    outbox.prefer("{\"stay\":true}").unwrap();
    outbox.look(Seq(7), Timestamp::from_millis(9)).unwrap();
    assert!(outbox.preferences().unwrap().is_some() && outbox.looked().unwrap().is_some());
    for change in [
        "UPDATE preferences SET document = '{\"stay\":tru}'",
        "UPDATE looked SET seq = 8",
    ] {
        outbox.connection.execute(change, []).unwrap();
    }
    assert_eq!(
        (outbox.preferences().unwrap(), outbox.looked().unwrap()),
        (None, None)
    );
}

#[test]
fn one_lane_keeps_its_order_and_others_do_not_wait() {
    let outbox = Outbox::in_memory().unwrap();
    let first = queued(&outbox, 1, buy());
    let second = queued(&outbox, 2, buy());
    let other = queued(&outbox, 3, Action::SetAutoRecharge { enabled: true });
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
    outbox.start_sending(first).unwrap();
    outbox.lost(first).unwrap();
    assert_eq!(outbox.next(&[first]).unwrap().unwrap().id, other);
    outbox.start_sending(first).unwrap();
    outbox.answered(first, &applied(2)).unwrap();
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, second);
}

#[test]
fn a_clock_that_was_set_back_does_not_change_the_order_of_decisions() {
    let outbox = Outbox::in_memory().unwrap();
    let first = queued(&outbox, 1_000, buy());
    let second = queued(&outbox, 1, buy());
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
    outbox.start_sending(first).unwrap();
    outbox.never_arrived(first).unwrap();
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
    assert_eq!(outbox.list().unwrap()[0].id, second, "newest first");
}

#[test]
fn what_a_wrong_clock_said_does_not_count_and_one_speaker_does_not_silence_the_other() {
    use boothkeeper_domain::deadlines::{Deadline, DeadlineCode};
    use boothkeeper_domain::reminders;
    use boothkeeper_domain::time::{DAY, HOUR};

    let outbox = Outbox::in_memory().unwrap();
    let end = Timestamp::from_millis(100 * DAY);
    let grace = [Deadline {
        code: DeadlineCode::GraceEnd,
        at: end,
        at_risk: None,
        since: None,
    }];
    let say = |speaker, now| {
        let plan = outbox.say(speaker, now, |said| {
            reminders::plan(&grace, said, now, false)
        });
        plan.unwrap().fire.len()
    };
    // A clock that is six days ahead says the last of it.
    let wrong = end.plus(-HOUR);
    assert_eq!(say(Speaker::Desktop, wrong), 1);
    assert_eq!(say(Speaker::Desktop, wrong), 0);
    // It is set right: the tiers come as if nothing had been said.
    let right = [7 * DAY, 3 * DAY, DAY, 2 * HOUR].map(|ahead| end.plus(-ahead));
    assert_eq!(right.map(|now| say(Speaker::Desktop, now)), [1, 1, 1, 1]);
    assert_eq!(say(Speaker::CommandLine, right[3]), 1);
    assert_eq!(say(Speaker::Desktop, right[3]), 0);
}

#[test]
fn process_that_ends_empties_its_logs_beside_another_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, outbox) = (
        folder.path().join("cache.sqlite"),
        folder.path().join("outbox.sqlite"),
    );
    let goes_on = (Cache::open(&cache).unwrap(), Outbox::open(&outbox).unwrap());
    let ends = (Cache::open(&cache).unwrap(), Outbox::open(&outbox).unwrap());
    queued(&ends.1, 1, buy());
    ends.0.fold_log();
    ends.1.fold_log();
    for log in ["cache.sqlite-wal", "outbox.sqlite-wal"] {
        let left = std::fs::metadata(folder.path().join(log)).unwrap().len();
        assert_eq!(left, 0, "{log}");
    }
    drop(goes_on);
}
