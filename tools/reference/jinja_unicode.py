"""Writes src/text/jinja/unicode_tables.inc: what Python's str methods know about characters
beyond the general category and the one-to-one case mappings that utf8proc has.

    python tools/reference/jinja_unicode.py > src/text/jinja/unicode_tables.inc
"""
import unicodedata

LIMIT = 0x110000
SURROGATES = range(0xD800, 0xE000)
POINTS = [c for c in range(LIMIT) if c not in SURROGATES]


def ranges(points):
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def emit_ranges(name, comment, points):
    print(f"// {comment}")
    print(f"constexpr Range {name}[] = {{")
    rows = ranges(points)
    for i in range(0, len(rows), 5):
        print("    " + " ".join(f"{{0x{a:X}, 0x{b:X}}}," for a, b in rows[i : i + 5]))
    print("};\n")


def emit_specials(name, comment, function):
    print(f"// {comment}")
    print(f"constexpr Special {name}[] = {{")
    for c in POINTS:
        to = function(chr(c))
        if len(to) > 1:
            text = "".join(f"\\x{b:02X}" for b in to.encode())
            print(f'    {{0x{c:X}, "{text}"}},')
    print("};\n")


def category(c):
    return unicodedata.category(chr(c))


print("// Written by tools/reference/jinja_unicode.py with Python's Unicode "
      f"{unicodedata.unidata_version} data.")
print("// clang-format off\n")
emit_ranges("kDigitsBeyondNd", "str.isdigit() without being category Nd.",
            [c for c in POINTS if chr(c).isdigit() and category(c) != "Nd"])
emit_ranges("kNumericBeyondN", "str.isnumeric() without being category Nd, Nl or No.",
            [c for c in POINTS if chr(c).isnumeric() and category(c)[0] != "N"])
emit_ranges("kLowerBeyondLl", "str.islower() without being category Ll.",
            [c for c in POINTS if chr(c).islower() and category(c) != "Ll"])
emit_ranges("kUpperBeyondLu", "str.isupper() without being category Lu.",
            [c for c in POINTS if chr(c).isupper() and category(c) != "Lu"])
# A character is case-ignorable when a final sigma looks past it.
emit_ranges("kCaseIgnorable", "Case_Ignorable, as final sigma sees it.",
            [c for c in POINTS if ("A" + chr(c) + "\u03a3").lower().endswith("\u03c2")
             and not ("." + chr(c) + "\u03a3").lower().endswith("\u03c2")])
emit_specials("kUpperSpecial", "Characters whose upper case is several characters.", str.upper)
emit_specials("kTitleSpecial", "Characters whose title case is several characters.", str.title)
emit_specials("kLowerSpecial", "Characters whose lower case is several characters.", str.lower)
