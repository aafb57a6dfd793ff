//! The `config` object of a genesis file: forks, blob schedule, rules.

use alloy_primitives::{Address, U256};

use crate::{
    Activation, BlobSchedule, BttRules, ChainSpec, Error, Fork, ForkSchedule, Rules,
    json::{Object, Value},
};

/// The largest chain id for which EIP-155's v fits 64 bits (EIP-2294).
const MAX_CHAIN_ID: u64 = u64::MAX / 2 - 36;

const BLOCK_FORKS: [(&str, Fork); 12] = [
    ("homesteadBlock", Fork::Homestead),
    ("eip150Block", Fork::TangerineWhistle),
    ("eip158Block", Fork::SpuriousDragon),
    ("byzantiumBlock", Fork::Byzantium),
    ("constantinopleBlock", Fork::Constantinople),
    ("petersburgBlock", Fork::Petersburg),
    ("istanbulBlock", Fork::Istanbul),
    ("muirGlacierBlock", Fork::MuirGlacier),
    ("berlinBlock", Fork::Berlin),
    ("londonBlock", Fork::London),
    ("arrowGlacierBlock", Fork::ArrowGlacier),
    ("grayGlacierBlock", Fork::GrayGlacier),
];

const TIME_FORKS: [(&str, Fork); 9] = [
    ("shanghaiTime", Fork::Shanghai),
    ("cancunTime", Fork::Cancun),
    ("pragueTime", Fork::Prague),
    ("osakaTime", Fork::Osaka),
    ("bpo1Time", Fork::Bpo1),
    ("bpo2Time", Fork::Bpo2),
    ("bpo3Time", Fork::Bpo3),
    ("bpo4Time", Fork::Bpo4),
    ("bpo5Time", Fork::Bpo5),
];

const BLOB_FORKS: [(&str, Fork); 8] = [
    ("cancun", Fork::Cancun),
    ("prague", Fork::Prague),
    ("osaka", Fork::Osaka),
    ("bpo1", Fork::Bpo1),
    ("bpo2", Fork::Bpo2),
    ("bpo3", Fork::Bpo3),
    ("bpo4", Fork::Bpo4),
    ("bpo5", Fork::Bpo5),
];

/// Forks that other clients know already.
const LATER_FORKS: [&str; 5] = ["amsterdamTime", "verkleTime", "ubtTime", "bogotaTime", "eofTime"];

/// Keys of other clients that change no rule of execution.
const WITHOUT_EFFECT: [&str; 5] =
    ["ethash", "clique", "terminalTotalDifficultyPassed", "eip150Hash", "isDev"];

/// Reads `config`; `gas_limit` is the genesis block's, which bttd's rules keep for every block.
pub(crate) fn read_config(config: &Value<'_>, gas_limit: u64) -> Result<ChainSpec, Error> {
    let mut fields = config.object()?;
    let chain_id = fields
        .need("chainId", "write the chain's id (EIP-155), one that no other chain has")?
        .u64_within(1, MAX_CHAIN_ID)?;
    let forks = read_forks(&mut fields)?;
    let blobs = read_blobs(&mut fields, &forks)?;
    let deposit_contract =
        fields.take("depositContractAddress")?.map(|address| address.address()).transpose()?;
    let btt = fields.take("btt")?;
    refuse_later_forks(&mut fields)?;
    fields.skip(&WITHOUT_EFFECT)?;
    fields.finish()?;
    let (name, rules) = match btt {
        None => (None, Rules::Ethereum),
        Some(btt) => {
            let (name, rules) = BttRules::read(&btt, &forks, gas_limit)?;
            (Some(name), Rules::Btt(rules))
        }
    };
    let deposit_contract = deposit_contract.unwrap_or(Address::ZERO);
    Ok(ChainSpec { name, chain_id, forks, blobs, deposit_contract, rules })
}

fn read_forks(fields: &mut Object<'_>) -> Result<ForkSchedule, Error> {
    let mut entries = Vec::new();
    for (key, fork) in BLOCK_FORKS {
        if let Some(block) = fields.take(key)? {
            entries.push((fork, Activation::Block(block.u64()?)));
        }
    }
    petersburg_with_constantinople(&mut entries);
    check_spurious_dragon(fields, &entries)?;
    let merged = fields.take("terminalTotalDifficulty")?.map(|difficulty| difficulty.u256()).transpose()?;
    entries.extend(merged.map(|difficulty| (Fork::Paris, Activation::TotalDifficulty(difficulty))));
    for (key, fork) in TIME_FORKS {
        if let Some(time) = fields.take(key)? {
            need_merge(fields, merged)?;
            entries.push((fork, Activation::Timestamp(time.u64()?)));
        }
    }
    let mut marks = Vec::new();
    if let Some(block) = fields.take("mergeNetsplitBlock")? {
        marks.push(block.u64()?);
    }
    let dao = fields.take("daoForkBlock")?.map(|block| block.u64()).transpose()?;
    let moves_ether = fields.take("daoForkSupport")?.map_or(Ok(false), |support| support.bool())?;
    if !moves_ether {
        marks.extend(dao);
    }
    ForkSchedule::new(entries, dao.filter(|_| moves_ether), marks)
}

/// As geth: Petersburg begins with Constantinople when it is not given.
fn petersburg_with_constantinople(entries: &mut Vec<(Fork, Activation)>) {
    let find = |fork| entries.iter().find(|(listed, _)| *listed == fork).map(|(_, activation)| *activation);
    if let (Some(constantinople), None) = (find(Fork::Constantinople), find(Fork::Petersburg)) {
        entries.push((Fork::Petersburg, constantinople));
    }
}

/// EIP-155 and EIP-158 are one fork; geth has a key for each.
fn check_spurious_dragon(fields: &mut Object<'_>, entries: &[(Fork, Activation)]) -> Result<(), Error> {
    let eip155 = fields.take("eip155Block")?.map(|block| block.u64()).transpose()?.map(Activation::Block);
    let eip158 =
        entries.iter().find(|(fork, _)| *fork == Fork::SpuriousDragon).map(|(_, activation)| *activation);
    if eip155 == eip158 {
        return Ok(());
    }
    let text = |activation: Option<Activation>| {
        activation.map_or_else(|| "absent".to_owned(), |activation| activation.to_string())
    };
    Err(Error::Conflict {
        first: format!("config.eip155Block at {}", text(eip155)),
        second: format!("config.eip158Block at {}", text(eip158)),
        reason: "both are Spurious Dragon, give both the same block",
    })
}

fn need_merge(fields: &Object<'_>, terminal: Option<U256>) -> Result<(), Error> {
    match terminal {
        Some(_) => Ok(()),
        None => Err(Error::Missing {
            key: fields.path_of("terminalTotalDifficulty"),
            hint: "forks by time follow the merge; write 0 for a chain merged from its first block",
        }),
    }
}

fn refuse_later_forks(fields: &mut Object<'_>) -> Result<(), Error> {
    for key in LATER_FORKS {
        if fields.take(key)?.is_some() {
            return Err(Error::UnknownFork { key: fields.path_of(key) });
        }
    }
    Ok(())
}

fn read_blobs(fields: &mut Object<'_>, forks: &ForkSchedule) -> Result<BlobSchedule, Error> {
    let mut blobs = BlobSchedule::up_to_osaka();
    if let Some(schedule) = fields.take("blobSchedule")? {
        blobs.read(&schedule)?;
    }
    let missing = forks.iter().find(|(fork, _)| fork.is_blob_parameters_only() && !blobs.contains(*fork));
    match missing {
        None => Ok(blobs),
        Some((fork, _)) => Err(Error::Missing {
            key: fields.path_of(&format!("blobSchedule.{}", fork.name().to_ascii_lowercase())),
            hint: "a fork of blob parameters needs its target, max and baseFeeUpdateFraction",
        }),
    }
}

impl BlobSchedule {
    /// Reads a `blobSchedule` object, of a genesis file or of a fixture's `config`, over the values that are there.
    ///
    /// # Errors
    /// An [`Error`] that names the key.
    pub fn parse(&mut self, json: &str) -> Result<(), Error> {
        self.read_object(Object::parse(json)?)
    }

    fn read(&mut self, schedule: &Value<'_>) -> Result<(), Error> {
        self.read_object(schedule.object()?)
    }

    fn read_object(&mut self, mut fields: Object<'_>) -> Result<(), Error> {
        for (key, fork) in BLOB_FORKS {
            let Some(entry) = fields.take(key)? else { continue };
            let mut entry = entry.object()?;
            let hint = "target and max are blobs per block, baseFeeUpdateFraction is EIP-7840's";
            let max_value = entry.need("max", hint)?;
            let max = max_value.u64_within(0, 4096)?;
            let target_value = entry.need("target", hint)?;
            let target = target_value.u64_within(0, 4096)?;
            let fraction = entry.need("baseFeeUpdateFraction", hint)?.u64_within(1, u64::MAX)?;
            entry.finish()?;
            if target > max {
                return Err(target_value.wrong(format!("at most max, which is {max}")));
            }
            self.set(fork, target, max, fraction);
        }
        for key in ["amsterdam", "verkle", "bogota"] {
            if fields.take(key)?.is_some() {
                return Err(Error::UnknownFork { key: fields.path_of(key) });
            }
        }
        fields.finish()
    }
}
