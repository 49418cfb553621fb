#!/usr/bin/env python3
"""Makes `sha256_40.bin`, the embedded list of common passwords. See NOTICE.md for the sources and their licences.

    pip download --no-deps django==5.2.19
    npm pack zxcvbn@4.4.2
    ./generate.py django-5.2.19-py3-none-any.whl zxcvbn-4.4.2.tgz > sha256_40.bin

Both archives are checked against the digests below, so the same bytes come out wherever this runs.
"""

import gzip
import hashlib
import re
import sys
import tarfile
import zipfile

DJANGO_SHA256 = "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00"
ZXCVBN_SHA256 = "0b3ebb60ec2df2340e1b8b70e4cb2657a3ceb192781d299310e7aceaa606cd22"

# No policy accepts fewer characters, so shorter entries could never be looked up.
MIN_CHARS = 8
# 40 bits: among N entries, a password that is not on the list is taken for one with probability N / 2^40.
BYTES_PER_ENTRY = 5


def archive(path, sha256):
    with open(path, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != sha256:
        sys.exit(f"{path}: sha256 is {found}, expected {sha256}")
    return path


def django(wheel):
    with zipfile.ZipFile(wheel) as files:
        return gzip.decompress(files.read("django/contrib/auth/common-passwords.txt.gz")).decode().split("\n")


def zxcvbn(tarball):
    with tarfile.open(tarball) as files:
        source = files.extractfile("package/lib/frequency_lists.js").read().decode()
    return re.search(r'passwords: "([^"]*)"', source).group(1).split(",")


def main():
    words = django(archive(sys.argv[1], DJANGO_SHA256)) + zxcvbn(archive(sys.argv[2], ZXCVBN_SHA256))
    # Django's list holds some lines of text that was broken by a wrong encoding; nobody types those.
    kept = {word.lower() for word in words if word.isascii() and len(word) >= MIN_CHARS}
    digests = sorted({hashlib.sha256(word.encode()).digest()[:BYTES_PER_ENTRY] for word in kept})
    sys.stdout.buffer.write(b"".join(digests))
    print(f"{len(kept)} passwords, {len(digests)} digests", file=sys.stderr)


main()
