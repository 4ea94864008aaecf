//! Measures 16 concurrent hashes: by the hasher, and one by one on as many blocking threads.
//!
//! ```sh
//! cargo run --release -p edgegate-axum --example lanes
//! ```

use std::{sync::Arc, time::Instant};

use edgegate_axum::{
    Hasher,
    edgegate::password::{self, Cost},
};
use tokio::{sync::Semaphore, task::JoinSet};

const HASHES: usize = 16;
const RUNS: usize = 7;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads = std::thread::available_parallelism()?;
    for cost in [10, 12] {
        let cost = Cost::new(cost)?;
        let (mut batched, mut single) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            // In turn, so that other load on the machine meets both.
            let hasher = Hasher::new(threads);
            let (started, mut hashes) = (Instant::now(), JoinSet::new());
            for _ in 0..HASHES {
                let hasher = hasher.clone();
                hashes.spawn(async move { hasher.hash("correct horse", cost).await.is_ok() });
            }
            assert!(hashes.join_all().await.into_iter().all(|is_hashed| is_hashed));
            batched.push(started.elapsed());

            let places = Arc::new(Semaphore::new(threads.get()));
            let (started, mut hashes) = (Instant::now(), JoinSet::new());
            for _ in 0..HASHES {
                let places = Arc::clone(&places);
                hashes.spawn(async move {
                    let _place = places.acquire().await;
                    let hash = tokio::task::spawn_blocking(move || password::hash("correct horse", cost));
                    hash.await.is_ok_and(|hash| hash.is_ok())
                });
            }
            assert!(hashes.join_all().await.into_iter().all(|is_hashed| is_hashed));
            single.push(started.elapsed());
        }
        let [batched, single] = [batched, single].map(|mut times| {
            times.sort();
            times.get(RUNS / 2).copied().unwrap_or_default().as_millis()
        });
        println!(
            "cost {}, {threads} threads: {HASHES} hashes in {batched} ms together, {single} ms one by one",
            cost.get()
        );
    }
    Ok(())
}
