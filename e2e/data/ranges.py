"""Reads one column of a Parquet file on the web by ranges: its footer first, then the pages of that column.

usage: ranges.py URL      (URL of the file)
"""

import io
import json
import sys
import urllib.request

import pyarrow.parquet


class RangeFile(io.RawIOBase):
    """A file of which only what is asked for is fetched."""

    def __init__(self, url):
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as reply:
            assert reply.headers["Accept-Ranges"] == "bytes"
            self.size = int(reply.headers["Content-Length"])
            self.etag = reply.headers["ETag"]
        self.url, self.position, self.fetched = url, 0, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.position

    def seek(self, offset, whence=io.SEEK_SET):
        self.position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        return self.position

    def read(self, size=-1):
        size = self.size - self.position if size is None or size < 0 else min(size, self.size - self.position)
        if size <= 0:
            return b""
        part = f"bytes={self.position}-{self.position + size - 1}"
        request = urllib.request.Request(self.url, headers={"Range": part, "If-Range": self.etag})
        with urllib.request.urlopen(request) as reply:
            assert reply.status == 206, reply.status
            content = reply.read()
        assert len(content) == size
        self.position += size
        self.fetched += size
        return content


file = RangeFile(sys.argv[1])
column = pyarrow.parquet.ParquetFile(file).read(columns=["n"])
assert column["n"].to_pylist() == list(range(60_000))
assert file.fetched < file.size / 5, (file.fetched, file.size)
print(json.dumps({"fetched": file.fetched, "size": file.size}))
