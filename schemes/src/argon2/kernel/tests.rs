use super::compute;
use crate::argon2::{Argon2Cost, Input, Variant, Version};
use std::{vec, vec::Vec};

/// The kernel and the crate `argon2`.
#[test]
fn the_kernel_computes_what_the_crate_does() {
    let mut seed = 1u64;
    let mut below = |end: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % end
    };
    for _ in 0..200 {
        let variant = [Variant::D, Variant::I, Variant::Id][below(3) as usize];
        let version = [Version::V10, Version::V13][below(2) as usize];
        let lanes = 1 + below(4) as u32;
        let cost = Argon2Cost::new(8 * lanes + below(200) as u32, 1 + below(4) as u32, lanes).unwrap();
        let password: Vec<u8> = (0..below(130)).map(|_| below(256) as u8).collect();
        let salt: Vec<u8> = (0..8 + below(57)).map(|_| below(256) as u8).collect();
        let input = Input { variant, version, cost, password: &password, salt: &salt };
        let mut tags = [vec![0; 4 + below(61) as usize], vec![]];
        tags[1] = tags[0].clone();
        compute(&input, &mut tags[0]).unwrap();
        crate::argon2::compute(&input, &mut tags[1]).unwrap();
        assert_eq!(tags[0], tags[1], "{variant:?} {version:?} {cost:?} {password:?} {salt:?}");
    }
}
