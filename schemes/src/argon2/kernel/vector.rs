//! Two 64-bit words beside each other: wasm's `v128`, and the same in portable Rust for the tests of the kernel.

pub(super) use self::words::V;

#[cfg(target_arch = "wasm32")]
mod words {
    use core::arch::wasm32::{
        i16x8_shuffle, i32x4_shuffle, i64x2_shuffle, u64x2, u64x2_add, u64x2_extmul_high_u32x4, u64x2_extmul_low_u32x4,
        u64x2_extract_lane, u64x2_shl, u64x2_shr, v128, v128_or, v128_xor,
    };

    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(in super::super) struct V(v128);

    impl V {
        #[inline(always)]
        pub(in super::super) fn new(low: u64, high: u64) -> Self {
            Self(u64x2(low, high))
        }

        #[inline(always)]
        pub(in super::super) fn words(self) -> [u64; 2] {
            [u64x2_extract_lane::<0>(self.0), u64x2_extract_lane::<1>(self.0)]
        }

        #[inline(always)]
        pub(in super::super) fn plus(self, other: Self) -> Self {
            Self(u64x2_add(self.0, other.0))
        }

        #[inline(always)]
        pub(in super::super) fn xor(self, other: Self) -> Self {
            Self(v128_xor(self.0, other.0))
        }

        /// Rotations by 16 and 32 are one shuffle of V8 each; a shuffle of bytes would load a constant.
        #[inline(always)]
        pub(in super::super) fn rotated<const RIGHT: u32>(self) -> Self {
            Self(match RIGHT {
                16 => i16x8_shuffle::<1, 2, 3, 0, 5, 6, 7, 4>(self.0, self.0),
                32 => i32x4_shuffle::<1, 0, 3, 2>(self.0, self.0),
                _ => v128_or(u64x2_shr(self.0, RIGHT), u64x2_shl(self.0, 64 - RIGHT)),
            })
        }

        /// The products of the lower halves of the words.
        #[inline(always)]
        pub(in super::super) fn products(a: [Self; 2], b: [Self; 2]) -> [Self; 2] {
            let a = i32x4_shuffle::<0, 2, 4, 6>(a[0].0, a[1].0);
            let b = i32x4_shuffle::<0, 2, 4, 6>(b[0].0, b[1].0);
            [Self(u64x2_extmul_low_u32x4(a, b)), Self(u64x2_extmul_high_u32x4(a, b))]
        }

        /// The higher word of this one, and the lower word of the other one.
        #[inline(always)]
        pub(in super::super) fn high_low(self, other: Self) -> Self {
            Self(i64x2_shuffle::<1, 2>(self.0, other.0))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod words {
    #[derive(Clone, Copy)]
    #[repr(C, align(16))]
    pub(in super::super) struct V([u64; 2]);

    impl V {
        pub(in super::super) fn new(low: u64, high: u64) -> Self {
            Self([low, high])
        }

        pub(in super::super) fn words(self) -> [u64; 2] {
            self.0
        }

        pub(in super::super) fn plus(self, other: Self) -> Self {
            Self(core::array::from_fn(|word| self.0[word].wrapping_add(other.0[word])))
        }

        pub(in super::super) fn xor(self, other: Self) -> Self {
            Self(core::array::from_fn(|word| self.0[word] ^ other.0[word]))
        }

        pub(in super::super) fn rotated<const RIGHT: u32>(self) -> Self {
            Self(self.0.map(|word| word.rotate_right(RIGHT)))
        }

        pub(in super::super) fn products(a: [Self; 2], b: [Self; 2]) -> [Self; 2] {
            let lower = |word: u64| word & 0xffff_ffff;
            core::array::from_fn(|v| Self(core::array::from_fn(|word| lower(a[v].0[word]) * lower(b[v].0[word]))))
        }

        pub(in super::super) fn high_low(self, other: Self) -> Self {
            Self([self.0[1], other.0[0]])
        }
    }
}
