# SPDX-License-Identifier: Apache-2.0
"""A file of the page as it goes over the wire: its text, as small as deflate can have it."""

import ctypes

import page_text

SMALLEST = 12  # libdeflate's highest level; zlib's leaves 1.4 % more


def library():
    """libdeflate, which the daemon is built with, too."""
    deflate = ctypes.CDLL("libdeflate.so")
    deflate.libdeflate_alloc_compressor.restype = ctypes.c_void_p
    deflate.libdeflate_free_compressor.argtypes = [ctypes.c_void_p]
    deflate.libdeflate_gzip_compress_bound.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    deflate.libdeflate_gzip_compress_bound.restype = ctypes.c_size_t
    deflate.libdeflate_gzip_compress.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    deflate.libdeflate_gzip_compress.restype = ctypes.c_size_t
    return deflate


DEFLATE = library()


def gzipped(data):
    compressor = DEFLATE.libdeflate_alloc_compressor(SMALLEST)
    if not compressor:
        raise MemoryError
    room = ctypes.create_string_buffer(
        DEFLATE.libdeflate_gzip_compress_bound(compressor, len(data)))
    size = DEFLATE.libdeflate_gzip_compress(compressor, data, len(data), room, len(room))
    DEFLATE.libdeflate_free_compressor(compressor)
    return room.raw[:size]


def sent(path):
    """The bytes that answer a request for the file at @path."""
    return gzipped(page_text.served(path))
