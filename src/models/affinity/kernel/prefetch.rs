//! Memory asked for before it is needed: half of the time of counting otherwise goes into waiting for rows.

/// Asks for the memory at `at` without waiting for it.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // The one place: a prefetch reads nothing and cannot fault, whatever the address.
pub fn prefetch<T>(slice: &[T], at: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    unsafe { _mm_prefetch(slice.as_ptr().wrapping_add(at).cast(), _MM_HINT_T0) }
}

/// Other machines ask for nothing: same results, slower.
#[cfg(not(target_arch = "x86_64"))]
pub fn prefetch<T>(_: &[T], _: usize) {}
