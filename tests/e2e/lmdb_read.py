"""Reads a table of an LMDB file as it lies on the disk, newest state first: what
no method of the daemon tells. Nobody may write to it meanwhile."""
import struct

HEAD = 16
BRANCH, LEAF = 1, 2
BIG, SUB = 1, 2


class Store:
    def __init__(self, path, size=-1):
        with open(path, "rb") as f:
            self.bytes = f.read(size)
        magic, = struct.unpack_from("<I", self.bytes, HEAD)
        if magic != 0xBEEFC0DE:
            raise ValueError("no LMDB file of this machine")
        self.page_size, = struct.unpack_from("<I", self.bytes, HEAD + 24)
        self.txn, self.main = max(self.meta(i) for i in (0, 1))

    def meta(self, page):
        """Its transaction, and the root of the tables."""
        at = page * self.page_size + HEAD + 24
        root, = struct.unpack_from("<Q", self.bytes, at + 48 + 40)
        txn, = struct.unpack_from("<Q", self.bytes, at + 96 + 8)
        return txn, root

    def nodes(self, page):
        """(key, flags, value or the number of a page) of a tree's leaves."""
        at = page * self.page_size
        flags, lower = struct.unpack_from("<HH", self.bytes, at + 10)
        for i in range((lower - HEAD) // 2):
            n, = struct.unpack_from("<H", self.bytes, at + HEAD + 2 * i)
            low, high, mark, k = struct.unpack_from(
                "<HHHH", self.bytes, at + n)
            if flags & BRANCH:
                yield from self.nodes(low | high << 16 | mark << 32)
                continue
            begin = at + n + 8
            key = self.bytes[begin:begin + k]
            begin += k
            if mark & BIG:
                begin = struct.unpack_from(
                    "<Q", self.bytes, begin)[0] * self.page_size + HEAD
            yield key, mark, self.bytes[begin:begin + (low | high << 16)]

    def table(self, name):
        for key, mark, value in self.nodes(self.main):
            if key == name.encode() and mark & SUB:
                root, = struct.unpack_from("<Q", value, 40)
                empty = root == (1 << 64) - 1
                return [] if empty else [
                    (k, v) for k, _, v in self.nodes(root)]
        raise KeyError(name)


def commits(path):
    """How many there were."""
    return Store(path, 2 << 16).txn
