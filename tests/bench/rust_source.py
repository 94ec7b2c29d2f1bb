# SPDX-License-Identifier: Apache-2.0
"""A Rust program of many instances of generic code, as large ones are: the same in each run."""

N_PIECES = 24

PIECE = """
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Item{i} {{ key: String, numbers: Vec<u{bits}>, inner: Option<Box<Item{i}>> }}

fn build{i}(seed: u64) -> HashMap<String, BTreeMap<u64, Vec<Item{i}>>> {{
    let mut all: HashMap<String, BTreeMap<u64, Vec<Item{i}>>> = HashMap::new();
    for n in seed..seed + {n} {{
        let item = Item{i} {{
            key: format!("item {{}} of {i}", n),
            numbers: (0..n % 17).map(|k| (k * n) as u{bits}).filter(|k| k % 3 != 1).collect(),
            inner: None,
        }};
        all.entry(format!("{{:x}}", n % 7)).or_default().entry(n % 13).or_default().push(item);
    }}
    all
}}

#[inline(never)]
fn piece{i}(seed: u64) -> u64 {{
    let all = build{i}(seed);
    let mut items: Vec<Item{i}> = all.into_values()
        .flat_map(|tree| tree.into_values().flatten().collect::<Vec<_>>()).collect();
    items.sort_by(|a, b| b.numbers.len().cmp(&a.numbers.len()).then_with(|| a.cmp(b)));
    items.dedup();
    items.iter().enumerate().fold(0u64, |sum, (at, item)| {{
        let text = format!("{{:?}}", item);
        sum.wrapping_mul(31).wrapping_add(at as u64 + text.bytes().map(u64::from).sum::<u64>())
    }})
}}
"""


def generate(n_pieces=N_PIECES):
    pieces = (PIECE.format(i=i, n=20 + i, bits=(8, 16, 32, 64)[i % 4]) for i in range(n_pieces))
    calls = "\n".join(f"    sum ^= piece{i}(sum % 100);" for i in range(n_pieces))
    return ("use std::collections::{BTreeMap, HashMap};\n" + "".join(pieces)
            + "\nfn main() {\n    let mut sum = 1u64;\n" + calls
            + "\n    println!(\"{}\", sum);\n}\n")
