//! What `bttd --version` says.

/// One line, for `-V` and the first line of `--version`.
pub(crate) const SHORT: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD_COMMIT"), ")");

/// Version, commit, profile, features, compiler, target and the forks known.
pub(crate) fn long() -> String {
    let features = if cfg!(feature = "jemalloc") { "jemalloc" } else { "none" };
    format!(
        "{version}\n\
         commit:   {commit}\n\
         profile:  {profile}\n\
         features: {features}\n\
         rustc:    {rustc}\n\
         target:   {target}\n\
         forks:    {forks}",
        version = env!("CARGO_PKG_VERSION"),
        commit = env!("BUILD_COMMIT"),
        profile = env!("BUILD_PROFILE"),
        rustc = env!("BUILD_RUSTC"),
        target = env!("BUILD_TARGET"),
        forks = btt_node::forks_known(),
    )
}
