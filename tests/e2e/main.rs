//! End-to-end: the built Worker on real workerd with a real local D1, over HTTP.
//!
//! The harness is our own because the Workers must end with the run.

mod broken;
mod client;
mod contract;
mod crowd;
mod flow;
mod keys;
mod limits;
mod sessions;
mod workers;

use std::{process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Trial};
use workers::Workers;

type Test = fn(&Workers) -> anyhow::Result<()>;

const TESTS: [(&str, Test); 31] = [
    ("contract::every_recorded_request_is_answered_as_recorded", contract::replay),
    ("flow::register_log_in_and_show_oneself", flow::register_log_in_and_show_oneself),
    ("flow::one_account_per_address_whatever_its_letter_case", flow::one_account_per_address),
    ("flow::unknown_user_and_wrong_password_look_the_same", flow::unknown_and_wrong_look_the_same),
    ("flow::the_id_of_a_deleted_user_is_not_given_again", flow::ids_are_not_given_again),
    ("flow::logins_in_flight_together_get_their_own_answers", flow::logins_in_flight_together),
    ("flow::a_cheap_hash_is_replaced_at_login_if_it_is_told_to", flow::a_cheap_hash_is_replaced),
    ("flow::where_there_are_replicas_they_are_asked", flow::replicas_are_asked),
    ("flow::nothing_is_to_be_stored", flow::nothing_is_to_be_stored),
    ("flow::the_page_is_served", flow::the_page_is_served),
    ("limits::a_long_body_is_refused_without_being_read", limits::a_long_body_is_not_read),
    ("limits::a_client_that_hangs_up_harms_nobody", limits::a_client_that_hangs_up),
    ("crowd::of_64_connections_nobody_is_lost_or_given_another_s_answer", crowd::nobody_is_lost),
    ("keys::a_login_is_signed_by_the_first_key_under_its_kid", keys::a_login_is_signed_by_the_first_key),
    ("keys::a_fastapi_token_without_a_kid_is_accepted_beside_it", keys::a_fastapi_token_is_accepted_beside_it),
    ("keys::every_algorithm_is_verified_by_workerd", keys::every_algorithm_is_verified),
    ("keys::a_point_off_its_curve_has_signed_nothing", keys::a_point_off_its_curve_has_signed_nothing),
    ("keys::the_public_members_are_published_and_no_others", keys::public_members_are_published),
    ("sessions::each_use_of_a_refresh_token_gives_the_next", sessions::each_use_gives_the_next),
    ("sessions::eight_uses_at_once_are_given_the_same_next_token", sessions::eight_at_once_are_given_the_same),
    ("sessions::a_token_two_rotations_old_ends_its_session", sessions::an_old_token_ends_its_session),
    ("sessions::what_is_no_refresh_token_is_refused", sessions::what_is_no_token_is_refused),
    ("sessions::a_logout_ends_every_token_and_a_new_login_works_at_once", sessions::a_logout_ends_everything),
    ("sessions::a_deleted_user_has_no_session", sessions::a_deleted_user_has_no_session),
    ("sessions::the_database_holds_no_refresh_token", sessions::the_database_holds_no_token),
    (
        "sessions::without_the_settings_there_is_no_logout_and_no_refresh",
        sessions::without_the_settings_there_is_neither,
    ),
    ("sessions::a_database_with_only_the_first_migration_is_given_the_others", sessions::an_older_database_is_migrated),
    ("broken::a_missing_secret_is_500_everywhere_and_the_log_says_how_to_mend_it", broken::a_missing_secret),
    ("broken::registration_is_closed_by_default", broken::registration_is_closed_by_default),
    ("broken::a_database_error_is_503_and_logged_with_its_cause", broken::a_database_error),
    // Last, so that it sees what all the others made the Worker print.
    ("broken::no_secret_is_in_the_log", broken::no_secret_is_in_the_log),
];

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let workers = match Workers::start() {
        Ok(workers) => Arc::new(workers),
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let trials = TESTS.map(|(name, test)| {
        let workers = Arc::clone(&workers);
        Trial::test(name, move || test(&workers).map_err(|error| format!("{error:#}").into()))
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}
