//! Tests of the outbox: states and order of commands, checksums, reminders.

use boothkeeper_domain::{Amount, Seq, Timestamp};
use boothkeeper_wire::action::Action;
use boothkeeper_wire::api::{CommandAnswer, CommandState};
use boothkeeper_wire::problem::Problem;
use uuid::Uuid;

use super::commands::PATIENCE;
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
fn command_being_sent_is_neither_cancelled_nor_sent_twice() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    assert!(outbox.start_sending(id).unwrap());
    assert!(
        !outbox.start_sending(id).unwrap(),
        "another process sends it too"
    );
    assert!(!outbox.cancel(id).unwrap());
    assert_eq!(outbox.recover().unwrap(), 1, "after the process was killed");
    assert_eq!(outbox.get(id).unwrap().unwrap().state, OutboxState::Unknown);
    assert!(outbox.requeue_or_cancel(id).unwrap());
    assert!(outbox.cancel(id).unwrap());
    assert!(!outbox.start_sending(id).unwrap());
}

#[test]
fn applied_command_is_settled_once_its_entries_are_in_the_local_copy() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    outbox.start_sending(id).unwrap();
    assert!(outbox.store_answer(id, &applied(9)).unwrap());
    assert!(
        !outbox.store_answer(id, &applied(9)).unwrap(),
        "the same answer again"
    );
    let shown = |_: &Command| Ok::<_, StoreError>(true);
    outbox.settle(Seq(8), shown).unwrap();
    assert_eq!(outbox.get(id).unwrap().unwrap().state, OutboxState::Applied);
    assert_eq!(outbox.waiting().unwrap(), 1);
    outbox
        .settle(Seq(9), |_| Ok::<_, StoreError>(false))
        .unwrap();
    assert_eq!(
        outbox.get(id).unwrap().unwrap().state,
        OutboxState::Applied,
        "its entry is not in the copy"
    );
    outbox.settle(Seq(9), shown).unwrap();
    assert_eq!(outbox.get(id).unwrap().unwrap().state, OutboxState::Settled);
    assert_eq!(outbox.waiting().unwrap(), 0);
}

#[test]
fn command_taken_back_while_unanswered_is_not_sent_again() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    outbox.start_sending(id).unwrap();
    outbox.mark_unknown(id).unwrap();
    assert!(outbox.cancel(id).unwrap());
    let command = outbox.get(id).unwrap().unwrap();
    assert_eq!(
        (command.state, command.withdrawn),
        (OutboxState::Unknown, true)
    );
    assert!(outbox.requeue_or_cancel(id).unwrap());
    assert_eq!(
        outbox.get(id).unwrap().unwrap().state,
        OutboxState::Cancelled
    );
    // If the cloud had applied the command before it was taken back, the cloud's answer is stored.
    let id = queued(&outbox, 2, buy());
    outbox.start_sending(id).unwrap();
    outbox.mark_unknown(id).unwrap();
    outbox.cancel(id).unwrap();
    assert!(outbox.store_answer(id, &applied(4)).unwrap());
    assert_eq!(outbox.get(id).unwrap().unwrap().state, OutboxState::Applied);
}

#[test]
fn command_is_rejected_after_five_temporary_refusals() {
    let outbox = Outbox::in_memory().unwrap();
    let id = queued(&outbox, 1, buy());
    let problem = Problem::new(boothkeeper_wire::problem::ProblemCode::BlobMissing);
    for _ in 1..PATIENCE / FailedAttempt::Refused.weight() {
        outbox.start_sending(id).unwrap();
        assert!(
            outbox
                .record_failed_send(id, FailedAttempt::Refused, &problem)
                .unwrap()
        );
        assert_eq!(outbox.get(id).unwrap().unwrap().state, OutboxState::Queued);
    }
    outbox.start_sending(id).unwrap();
    assert!(
        outbox
            .record_failed_send(id, FailedAttempt::Refused, &problem)
            .unwrap()
    );
    let command = outbox.get(id).unwrap().unwrap();
    assert_eq!(command.state, OutboxState::Rejected);
    assert_eq!(command.problem, Some(problem));
    assert_eq!(outbox.next(&[]).unwrap(), None);
}

#[test]
fn preferences_and_last_seen_entry_with_wrong_checksum_read_as_missing() {
    let outbox = Outbox::in_memory().unwrap();
    outbox.set_preferences("{\"stay\":true}").unwrap();
    outbox.mark_seen(Seq(7), Timestamp::from_millis(9)).unwrap();
    assert!(outbox.preferences().unwrap().is_some() && outbox.last_seen().unwrap().is_some());
    for change in [
        "UPDATE preferences SET document = '{\"stay\":tru}'",
        "UPDATE looked SET seq = 8",
    ] {
        outbox.connection.execute(change, []).unwrap();
    }
    assert_eq!(
        (outbox.preferences().unwrap(), outbox.last_seen().unwrap()),
        (None, None)
    );
}

#[test]
fn command_waits_for_unanswered_ones_on_same_matter_but_not_for_others() {
    let outbox = Outbox::in_memory().unwrap();
    let first = queued(&outbox, 1, buy());
    let second = queued(&outbox, 2, buy());
    let other = queued(&outbox, 3, Action::SetAutoRecharge { enabled: true });
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
    outbox.start_sending(first).unwrap();
    outbox.mark_unknown(first).unwrap();
    assert_eq!(outbox.next(&[first]).unwrap().unwrap().id, other);
    outbox.start_sending(first).unwrap();
    outbox.store_answer(first, &applied(2)).unwrap();
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, second);
}

#[test]
fn commands_are_sent_in_order_given_although_clock_is_set_back() {
    let outbox = Outbox::in_memory().unwrap();
    let first = queued(&outbox, 1_000, buy());
    let second = queued(&outbox, 1, buy());
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
    outbox.start_sending(first).unwrap();
    outbox.requeue_or_cancel(first).unwrap();
    assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
    assert_eq!(outbox.list().unwrap()[0].id, second, "newest first");
}

#[test]
fn reminder_shown_under_wrong_clock_or_by_other_program_is_shown_again() {
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
        let plan = outbox.take_due_reminders(speaker, now, |said| {
            reminders::plan(&grace, said, now, false)
        });
        plan.unwrap().fire.len()
    };
    // With the clock far ahead, an hour before the deadline, the last reminder is shown.
    let wrong = end.plus(-HOUR);
    assert_eq!(say(ReminderProgram::Desktop, wrong), 1);
    assert_eq!(say(ReminderProgram::Desktop, wrong), 0);
    // After the clock is set right, all four reminders are shown as if none had been shown before.
    let right = [7 * DAY, 3 * DAY, DAY, 2 * HOUR].map(|ahead| end.plus(-ahead));
    assert_eq!(
        right.map(|now| say(ReminderProgram::Desktop, now)),
        [1, 1, 1, 1]
    );
    assert_eq!(say(ReminderProgram::CommandLine, right[3]), 1);
    assert_eq!(say(ReminderProgram::Desktop, right[3]), 0);
}

#[test]
fn flush_wal_empties_write_ahead_logs_while_files_are_open_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, outbox) = (
        folder.path().join("cache.sqlite"),
        folder.path().join("outbox.sqlite"),
    );
    let stays_open = (Cache::open(&cache).unwrap(), Outbox::open(&outbox).unwrap());
    let closing = (Cache::open(&cache).unwrap(), Outbox::open(&outbox).unwrap());
    queued(&closing.1, 1, buy());
    closing.0.flush_wal();
    closing.1.flush_wal();
    for log in ["cache.sqlite-wal", "outbox.sqlite-wal"] {
        let left = std::fs::metadata(folder.path().join(log)).unwrap().len();
        assert_eq!(left, 0, "{log}");
    }
    drop(stays_open);
}
