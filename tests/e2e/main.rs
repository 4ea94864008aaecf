//! End-to-end: the built Worker on real workerd with a real local D1, over HTTP.
//!
//! The harness is our own because the Workers must end with the run.

mod broken;
mod client;
mod contract;
mod crowd;
mod flow;
mod limits;
mod workers;

use std::{process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Trial};
use workers::Workers;

type Test = fn(&Workers) -> anyhow::Result<()>;

const TESTS: [(&str, Test); 16] = [
    ("contract::every_recorded_request_is_answered_as_recorded", contract::replay),
    ("flow::register_log_in_and_show_oneself", flow::register_log_in_and_show_oneself),
    ("flow::one_account_per_address_whatever_its_letter_case", flow::one_account_per_address),
    ("flow::unknown_user_and_wrong_password_look_the_same", flow::unknown_and_wrong_look_the_same),
    ("flow::the_id_of_a_deleted_user_is_not_given_again", flow::ids_are_not_given_again),
    ("flow::logins_in_flight_together_get_their_own_answers", flow::logins_in_flight_together),
    ("flow::a_cheap_hash_is_replaced_at_login_if_it_is_told_to", flow::a_cheap_hash_is_replaced),
    ("flow::nothing_is_to_be_stored", flow::nothing_is_to_be_stored),
    ("flow::the_page_is_served", flow::the_page_is_served),
    ("limits::a_long_body_is_refused_without_being_read", limits::a_long_body_is_not_read),
    ("limits::a_client_that_hangs_up_harms_nobody", limits::a_client_that_hangs_up),
    ("crowd::of_64_connections_nobody_is_lost_or_given_another_s_answer", crowd::nobody_is_lost),
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
