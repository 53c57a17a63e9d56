# pictures.py - pictures as they come from outside: of every kind, and bad in every way.
#
# PNGs are written here byte by byte, since no program writes all that the format allows. JPEGs are
# made by `variants` with libjpeg-turbo and changed here.
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
# Where the passes of Adam7 begin and step: x, y, to the right, down (ISO/IEC 15948, section 8.2).
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2)]


def chunk(kind, content=b""):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def header(width, height, depth=8, colour=RGB, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def pack_row(samples, depth):
    """The bytes of a row of samples."""
    if depth == 16:
        return struct.pack(f">{len(samples)}H", *samples)
    if depth == 8:
        return bytes(samples)
    bits = "".join(format(sample, f"0{depth}b") for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def pack(pixels, depth, interlaced):
    """All rows, each with the filter None before it. A pixel is a tuple of samples."""
    rows = []
    for left, top, right, down in PASSES if interlaced else [(0, 0, 1, 1)]:
        for row in pixels[top::down]:
            if row[left::right]:
                flat = [sample for pixel in row[left::right] for sample in pixel]
                rows.append(b"\0" + pack_row(flat, depth))
    return b"".join(rows)


def png(pixels, depth=8, colour=RGB, interlaced=False, before=b"", after=b""):
    """A PNG of these rows of pixels, with chunks before and after its IDAT."""
    return (SIGNATURE + header(len(pixels[0]), len(pixels), depth, colour, interlaced) + before +
            chunk(b"IDAT", zlib.compress(pack(pixels, depth, interlaced))) + after +
            chunk(b"IEND"))


def zeros(length):
    """LENGTH zero bytes, deflated; made a piece at a time."""
    packer = zlib.compressobj(9)
    piece = bytes(1 << 20)
    parts = [packer.compress(piece) for _ in range(length >> 20)]
    return b"".join(parts) + packer.compress(bytes(length & ((1 << 20) - 1))) + packer.flush()


def flat_png(width, height, depth=8, colour=RGB, interlaced=False):
    """A black PNG of any size, small however large it is."""
    length = 0
    for left, top, right, down in PASSES if interlaced else [(0, 0, 1, 1)]:
        across = len(range(left, width, right))
        bits = across * depth * SAMPLES[colour]
        length += ((bits + 7) // 8 + 1) * len(range(top, height, down)) if across else 0
    return (SIGNATURE + header(width, height, depth, colour, interlaced) +
            chunk(b"IDAT", zeros(length)) + chunk(b"IEND"))


def read_ppms(data):
    """The pixels of each of the PPMs, one behind the other: rows of (red, green, blue)."""
    found = []
    while data:
        magic, size, most, data = data.split(b"\n", 3)
        assert magic == b"P6" and most == b"255"
        width, height = map(int, size.split())
        pixels, data = data[:3 * width * height], data[3 * width * height:]
        triples = list(zip(pixels[0::3], pixels[1::3], pixels[2::3]))
        found.append([triples[y * width:(y + 1) * width] for y in range(height)])
    return found


def over_white(colour, alpha, most=255):
    """The formula of a colour over white, to the nearest whole number."""
    return (colour * alpha + 255 * (most - alpha) + most // 2) // most


def kinds_of_png(rgb):
    """(name, PNG, the pixels that it shows) of every colour type and depth."""
    grey = [[(pixel[1],) for pixel in row] for row in rgb]
    shown = [[pixel * 3 for pixel in row] for row in grey]
    for depth in 1, 2, 4:
        most = (1 << depth) - 1
        low = [[(pixel[0] >> (8 - depth),) for pixel in row] for row in grey]
        yield (f"grey {depth}", dict(pixels=low, depth=depth, colour=GREY),
               [[(pixel[0] * 255 // most,) * 3 for pixel in row] for row in low])
        colours = [(i * 255 // most, 255 - i * 16, i * 7) for i in range(most + 1)]
        yield (f"palette {depth}", dict(pixels=low, depth=depth, colour=PALETTE, before=chunk(
            b"PLTE", bytes(sample for colour in colours for sample in colour))),
            [[colours[pixel[0]] for pixel in row] for row in low])
    yield "grey 8", dict(pixels=grey, colour=GREY), shown
    yield ("grey 16", dict(pixels=[[(p[0] * 257,) for p in row] for row in grey], depth=16,
                           colour=GREY), shown)
    yield "RGB 8", dict(pixels=rgb), rgb
    yield ("RGB 16", dict(pixels=[[tuple(s * 257 for s in p) for p in row] for row in rgb],
                          depth=16), rgb)
    colours = [(i, 255 - i, i // 2) for i in range(256)]
    table = chunk(b"PLTE", bytes(sample for colour in colours for sample in colour))
    yield ("palette 8", dict(pixels=grey, colour=PALETTE, before=table),
           [[colours[pixel[0]] for pixel in row] for row in grey])
    alphas = chunk(b"tRNS", bytes(range(128)))
    yield ("palette 8 with alpha", dict(pixels=grey, colour=PALETTE, before=table + alphas),
           [[tuple(over_white(s, min(p[0], 255) if p[0] < 128 else 255) for s in colours[p[0]])
             for p in row] for row in grey])
    alpha = [[(x * 3 + y) % 256 for x in range(len(rgb[0]))] for y in range(len(rgb))]
    both = [list(zip(row, of)) for row, of in zip(rgb, alpha)]
    seen = [[tuple(over_white(s, a) for s in p) for p, a in row] for row in both]
    yield "RGBA 8", dict(pixels=[[(*p, a) for p, a in row] for row in both], colour=RGBA), seen
    yield ("RGBA 16", dict(pixels=[[(*(s * 257 for s in p), a * 257) for p, a in row]
                                   for row in both], depth=16, colour=RGBA), seen)
    seen = [[(over_white(p[1], a),) * 3 for p, a in row] for row in both]
    yield ("grey and alpha 8", dict(pixels=[[(p[1], a) for p, a in row] for row in both],
                                    colour=GREY_ALPHA), seen)
    yield ("grey and alpha 16", dict(pixels=[[(p[1] * 257, a * 257) for p, a in row]
                                             for row in both], depth=16, colour=GREY_ALPHA), seen)
    clear = rgb[0][0]
    yield ("RGB 8 with one clear colour",
           dict(pixels=rgb, before=chunk(b"tRNS", struct.pack(">HHH", *clear))),
           [[(255,) * 3 if p == clear else p for p in row] for row in rgb])


def animated(pixels):
    """Two frames, of which the second has other pixels and comes in fdAT."""
    height, width = len(pixels), len(pixels[0])
    control = struct.pack(">IIIIHHBB", width, height, 0, 0, 1, 10, 0, 0)
    black = zlib.compress(pack([[(0, 0, 0)] * width] * height, 8, False))
    return png(pixels, before=chunk(b"acTL", struct.pack(">II", 2, 0)) +
               chunk(b"fcTL", struct.pack(">I", 0) + control),
               after=chunk(b"fcTL", struct.pack(">I", 1) + control) +
               chunk(b"fdAT", struct.pack(">I", 2) + black))


def exif(orientation, order="<"):
    """A TIFF structure with this orientation."""
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def looping_exif():
    """Directories that are each other's next ones, and entries that point to themselves."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    first = struct.pack("<H", 3) + entry * 3 + struct.pack("<I", 50)
    return b"II" + struct.pack("<HI", 42, 8) + first + struct.pack("<H", 1) + entry + \
        struct.pack("<I", 8)


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segment(jpeg, marker, content):
    """The JPEG with a segment right behind its start."""
    return jpeg[:2] + segment(marker, content) + jpeg[2:]


def with_exif(jpeg, tiff):
    return with_segment(jpeg, 0xE1, b"Exif\0\0" + tiff)


def with_size(jpeg, width, height):
    """The JPEG with another size in its frame header; what its scans hold stays."""
    for marker in b"\xff\xc0", b"\xff\xc2":
        at = jpeg.find(marker)
        if at >= 0:
            return jpeg[:at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9:]
    raise AssertionError("a JPEG without a frame")


def with_scans(jpeg, count):
    """A progressive JPEG whose last scan comes so often that there are COUNT in all."""
    last = jpeg.rfind(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * (count - jpeg.count(b"\xff\xda")) + jpeg[-2:]


SCAN_AC, SCAN_DC = bytes([1, 1, 0, 1, 63, 0x10]), bytes([1, 1, 0, 0, 0, 1])


def progressive(frame, width, height, scans, restart=0):
    """A grey progressive JPEG: its frame's marker, and what stands in it up to its end."""
    one_code = b"\1" + bytes(15)
    tables = (segment(0xDB, b"\0" + b"\x10" * 64) + segment(0xC4, b"\0" + one_code + b"\0") +
              segment(0xC4, b"\x10" + one_code + b"\xE0") + segment(0xDD, struct.pack(">H", restart)))
    size = struct.pack(">BHHB", 8, height, width, 1)
    return (b"\xff\xd8" + segment(frame, size + bytes([1, 0x11, 0])) + tables + scans + b"\xff\xd9")


def hidden_scans(count, marker, frame=0xC2, width=64, height=64, restart=1):
    """COUNT scans in what is a segment of that marker, if it has one, in the first scan's data."""
    hidden = segment(0xDD, struct.pack(">H", 0)) + segment(0xDA, SCAN_AC) * count
    scans = segment(0xDA, SCAN_DC) + b"\0" + segment(marker, hidden)
    return progressive(frame, width, height, scans, restart)
