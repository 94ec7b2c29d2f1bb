# SPDX-License-Identifier: Apache-2.0
"""ELF files that were made to harm whoever reads them.

All have a function in their second page, which a process can map and call, whatever the rest says.
"""

import itertools
import struct
import zlib

PAGE_BYTES = 4096
CODE_OFF = PAGE_BYTES
DATA_OFF = 2 * PAGE_BYTES
# mov $2000, %ecx; 1: dec %ecx; jnz 1b; ret
FUNCTION = bytes.fromhex("b9d0070000") + bytes.fromhex("ffc975fcc3")

_PT_LOAD, _PT_NOTE = 1, 4
_SHT_PROGBITS, _SHT_SYMTAB, _SHT_STRTAB = 1, 2, 3
_SHF_ALLOC, _SHF_COMPRESSED = 2, 0x800
_ELFCOMPRESS_ZLIB, _ELFCOMPRESS_ZSTD = 1, 2


def header(sections_off=0, n_sections=0, n_segments=1, segments_off=64):
    return struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        3,  # ET_DYN
        62,  # EM_X86_64
        1,
        CODE_OFF,
        segments_off,
        sections_off,
        0,
        64,
        56,
        n_segments,
        64,
        n_sections,
        n_sections - 1 if n_sections else 0,
    )


def segment(kind, flags, off, size):
    return struct.pack("<IIQQQQQQ", kind, flags, off, off, off, size, size, PAGE_BYTES)


CODE_SEGMENT = segment(_PT_LOAD, 5, CODE_OFF, PAGE_BYTES)


def _section(name, kind, flags, off, size, link=0):
    entry_bytes = SYMBOL_BYTES if kind == _SHT_SYMTAB else 0
    return struct.pack("<IIQQQQIIQQ", name, kind, flags, off, off, size, link, 0, 8, entry_bytes)


def symbol(name_off, value, size):
    """A global function in the first section."""
    return struct.pack("<IBBHQQ", name_off, 0x12, 0, 1, value, size)


SYMBOL_BYTES = len(symbol(0, 0, 0))
_KINDS = {".symtab": _SHT_SYMTAB, ".strtab": _SHT_STRTAB}


def build(sections, head=None):
    """A file with these sections, [(name, flags, bytes, the size that is claimed or None)]. The
    names of symbols are in the section behind them."""
    names, data, entries = b"\0", b"", [_section(0, 0, 0, 0, 0)]
    for name, flags, content, claimed in sections:
        size = len(content) if claimed is None else claimed
        kind = _KINDS.get(name, _SHT_PROGBITS)
        off, link = DATA_OFF + len(data), len(entries) + 1
        entries.append(_section(len(names), kind, flags, off, size, link))
        names += name.encode() + b"\0"
        data += content + bytes(-len(content) % 8)
    name_of_names = len(names)
    names += b".shstrtab\0"
    entries.append(_section(name_of_names, _SHT_STRTAB, 0, DATA_OFF + len(data), len(names)))
    data += names + bytes(-len(names) % 8)
    start = head or header(DATA_OFF + len(data), len(entries)) + CODE_SEGMENT
    return (
        start.ljust(CODE_OFF, b"\0") + FUNCTION.ljust(PAGE_BYTES, b"\0") + data + b"".join(entries)
    )


def _entry(content):
    return struct.pack("<I", len(content)) + content


CIE = _entry(struct.pack("<IB", 0, 1) + b"zR\0" + bytes([1, 0x78, 16, 1, 0x1B, 0x0C, 7, 8]))


def fde(off, back, start, size):
    """An FDE at @off of the section, whose CIE is @back bytes before its pointer to it."""
    pc_relative = start - (DATA_OFF + off + 8)
    return _entry(struct.pack("<IiIB", back, pc_relative, size, 0) + b"\x41\x0e\x10")


def eh_frame_overlapping(n=2000):
    """Functions that lie on one another, each to the end of the code."""
    section = CIE
    for i in range(n):
        section += fde(len(section), len(section) + 4, CODE_OFF + i, PAGE_BYTES - i)
    return section + bytes(4)


def eh_frame_cyclic():
    """FDEs that are their own CIE, or that of one another, or behind or before the section."""
    section = CIE
    for back in (4, 8, 2**32 - 16, 2**31, len(CIE) + 1, 2**32 - 4):
        section += fde(len(section), back, CODE_OFF, 16)
    return section + bytes(4)


def eh_frame_enormous():
    """Lengths, augmentations and numbers without end."""
    endless_number = b"\xff" * 4000
    return b"".join(
        [
            _entry(struct.pack("<IB", 0, 1) + b"zR\0" + endless_number),
            _entry(struct.pack("<IB", 0, 1) + b"z" * 3000),
            _entry(struct.pack("<IB", 0, 1) + b"zPLR\0\1\x78\x10" + endless_number),
            CIE,
            struct.pack("<IQ", 0xFFFFFFFF, 2**63),
        ]
    )


def eh_frame_of_many(n_bytes):
    """Valid FDEs of a byte of code each, as many as there is room for."""
    count = n_bytes // len(fde(0, 4, 0, 1))
    chunks, off = [CIE], len(CIE)
    for i in range(count):
        chunks.append(fde(off, off + 4, CODE_OFF + i % PAGE_BYTES, 1))
        off += len(chunks[-1])
    return b"".join(chunks)


def repeated(head, unit, n):
    """A compressed section of @head and then @unit, @n times: packed once, and then repeated."""
    per_block = max(1, (1 << 20) // len(unit))
    n_blocks = n // per_block
    block = unit * per_block
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    head += unit * (n % per_block)
    stream = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.adler32(head)
    for _ in range(n_blocks):
        checksum = zlib.adler32(block, checksum)
    stream = b"\x78\x01" + stream + packed * n_blocks + packer.flush() + struct.pack(">I", checksum)
    return compressed(_ELFCOMPRESS_ZLIB, stream, len(head) + n_blocks * len(block))


DEBUG_CIE = _entry(struct.pack("<IB", 2**32 - 1, 1) + b"\0\1\x78\x10\x0c\7\x08\x90\1")


def debug_frame_of_many(n_bytes):
    """The same FDE again and again."""
    unit = _entry(struct.pack("<IQQ", 0, CODE_OFF, PAGE_BYTES) + b"\x0e\x10")
    return repeated(DEBUG_CIE, unit, n_bytes // len(unit))


def debug_frame_restless(n_rows, still_bytes=1):
    """A function without end that has another rule at each of its bytes, but for the first ones."""
    unit = b"\x0e\x10\x41\x0e\x18\x41"
    n = n_rows // 2
    start = struct.pack("<BI", 4, still_bytes)  # DW_CFA_advance_loc4
    length = 20 + len(start) + n * len(unit)
    head = struct.pack("<IIQQ", length, 0, CODE_OFF, 2**40) + start
    return repeated(DEBUG_CIE + head, unit, n)


def with_large_table(n_rows):
    """A file of a few kilobytes, no harm in it, whose table has so many rows."""
    n_bytes = CODE_OFF + PAGE_BYTES + n_rows
    section = debug_frame_restless(n_rows, still_bytes=PAGE_BYTES)
    content = bytearray(build([(".debug_frame", _SHF_COMPRESSED, section, None)]))
    content[64 : 64 + len(CODE_SEGMENT)] = segment(_PT_LOAD, 5, 0, n_bytes)
    return bytes(content).ljust(n_bytes, b"\0")


def compressed(kind, stream, claimed_bytes):
    return struct.pack("<IIQQ", kind, 0, claimed_bytes, 1) + stream


# DWARF 4: a unit of the code above, and a function by its ranges.
_ABBREVIATIONS = bytes([1, 0x11, 1, 0x11, 0x01, 0x12, 0x06, 0, 0, 2, 0x2E, 0, 0x55, 0x17, 0, 0, 0])


def endless_sections(n_functions=20_000, n_ranges=1_000_000):
    """Small ones of many functions, which all have the same many ranges of no byte."""
    function = struct.pack("<BI", 2, 0)
    unit = struct.pack("<HIBBQI", 4, 0, 8, 1, CODE_OFF, PAGE_BYTES)
    head = struct.pack("<I", len(unit) + n_functions * len(function)) + unit
    info = repeated(head, function, n_functions)
    ranges = repeated(b"", struct.pack("<QQ", 16, 16), n_ranges)
    return [
        (".debug_abbrev", 0, _ABBREVIATIONS, None),
        (".debug_info", _SHF_COMPRESSED, info, None),
        (".debug_ranges", _SHF_COMPRESSED, ranges, None),
    ]


def endless_to_read():
    """A file of such sections."""
    return build(endless_sections())


def hungry_to_read(n_rows=64 << 20):
    """A small file of a function, whose lines take a gigabyte of memory."""
    # DW_AT_stmt_list, and of the function DW_AT_name
    code = bytes([0x11, 0x01, 0x12, 0x06])
    abbreviations = [1, 0x11, 1, 0x10, 0x17, *code, 0, 0, 2, 0x2E, 0, 0x03, 0x08, *code, 0, 0, 0]
    unit = struct.pack("<HIBBIQI", 4, 0, 8, 1, 0, CODE_OFF, PAGE_BYTES)
    unit += struct.pack("<B7sQIB", 2, b"hungry", CODE_OFF, PAGE_BYTES, 0)
    fields = struct.pack("<BBBbBB", 1, 1, 1, -5, 14, 13)
    fields += bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])  # operands of opcodes
    names = b"\0" + b"hungry.c\0\0\0\0" + b"\0"
    head = struct.pack("<HI", 4, len(fields + names)) + fields + names
    head += struct.pack("<BBBQ", 0, 9, 2, CODE_OFF)  # DW_LNE_set_address
    step = bytes([13 + 14 + 5 + 1])  # a byte further, and a line
    lines = repeated(struct.pack("<I", len(head) + n_rows) + head, step, n_rows)
    return build(
        [
            (".debug_abbrev", 0, bytes(abbreviations), None),
            (".debug_info", 0, struct.pack("<I", len(unit)) + unit, None),
            (".debug_line", _SHF_COMPRESSED, lines, None),
        ]
    )


def many_symbols(n, name=b"symbol"):
    """As many functions of that name, each of a byte."""
    symbols = b"".join(symbol(1, CODE_OFF + i % PAGE_BYTES, 1) for i in range(PAGE_BYTES))
    symbols *= n // PAGE_BYTES
    return [(".symtab", 0, symbols, None), (".strtab", 0, b"\0" + name + b"\0", None)]


def claimed_symbols(n_bytes):
    """A function, and so many bytes of claimed symbols."""
    symbols = bytes(SYMBOL_BYTES) + symbol(1, CODE_OFF, 16)
    return build([(".strtab", 0, b"\0claimed\0", None), (".symtab", 0, symbols, n_bytes)])


# Of the files below, those that have more of something than is read, for a table and for names.
TOO_LARGE = ("many_segments", "million_segments", "bomb_of_rows", "bomb_of_chunks")
TOO_LARGE_TO_NAME = ("many_segments", "million_segments", "claims_symbols", "hole_of_symbols")


def files():
    """Yield (name, content, how long the file is made beyond that, with a hole)."""
    yield "named", build(many_symbols(PAGE_BYTES, b"named_by_a_symbol")), 0
    yield "claims_symbols", claimed_symbols(10 << 30), 0
    yield "hole_of_symbols", claimed_symbols(10 << 30), 11 << 30
    plain = build([(".eh_frame", _SHF_ALLOC, eh_frame_overlapping(50), None)])
    bomb = zlib.compress(bytes(64 << 20), 9)
    yield "overlapping", build([(".eh_frame", _SHF_ALLOC, eh_frame_overlapping(), None)]), 0
    yield "cyclic", build([(".eh_frame", _SHF_ALLOC, eh_frame_cyclic(), None)]), 0
    yield "enormous", build([(".eh_frame", _SHF_ALLOC, eh_frame_enormous(), None)]), 0
    yield "many_functions", build([(".eh_frame", _SHF_ALLOC, eh_frame_of_many(8 << 20), None)]), 0
    yield "past_the_end", build([(".eh_frame", _SHF_ALLOC, CIE, 2**62)]), 0
    for cut in (DATA_OFF, DATA_OFF + 8, DATA_OFF + len(CIE) + 7, len(plain) - 64, len(plain) - 1):
        yield f"cut_at_{cut}", plain[:cut], 0
    for name, claimed in itertools.product((".debug_frame", ".debug_info"), (64 << 20, 2**60)):
        section = compressed(_ELFCOMPRESS_ZLIB, bomb, claimed)
        yield f"bomb{name}_{claimed}", build([(name, _SHF_COMPRESSED, section, None)]), 0
    zstd = compressed(_ELFCOMPRESS_ZSTD, b"\x28\xb5\x2f\xfd" + bytes(100), 2**40)
    yield "bomb_zstd", build([(".debug_frame", _SHF_COMPRESSED, zstd, None)]), 0
    old = b"ZLIB" + struct.pack(">Q", 2**40) + bomb
    yield "bomb_gnu", build([(".zdebug_frame", 0, old, None)]), 0
    notes = segment(_PT_NOTE, 4, 0, DATA_OFF) * 60000
    head = header(n_segments=60000, segments_off=DATA_OFF)
    yield "many_segments", build([], head)[:DATA_OFF] + notes, 0
    million = header(DATA_OFF, 1, 0xFFFF, DATA_OFF + 64)
    number = struct.pack("<44xI16x", 1000000)  # in sh_info of the first section
    start = build([], million)[:DATA_OFF]
    yield "million_segments", start + number, DATA_OFF + 64 + 56 * 1000000
    yield "sparse", plain, 1 << 40
    for name, section in (
        ("bomb_of_functions", debug_frame_of_many(200 << 20)),
        ("bomb_of_rows", debug_frame_restless(20 << 20)),
        ("bomb_of_chunks", debug_frame_restless(8 << 20)),
    ):
        content = bytearray(build([(".debug_frame", _SHF_COMPRESSED, section, None)]))
        content[64 : 64 + len(CODE_SEGMENT)] = segment(_PT_LOAD, 5, 0, 1 << 34)
        yield name, bytes(content), 1 << 34
