"""The template snippets of jinja_goldens.py, grouped by the source file whose test reads them."""

VARIABLES = {
    "s": "Hello World",
    "padded": "  aB\tc\nd\n\n",
    "u": "héß ΑΣ 日本 😀",
    "empty": "",
    "nothing": None,
    "yes": True,
    "no": False,
    "i": 7,
    "neg": -3,
    "zero": 0,
    "x": 2.5,
    "y": -0.1,
    "big": 12345678901234567890,
    "huge": 1e20,
    "tiny": 1e-7,
    "numbers": [3, 1, 2],
    "letters": ["b", "A", "c", "a"],
    "mixed": [1, "a", None, 2.0, True],
    "hollow": [],
    "map": {"a": 1, "b": "two", "c": [1, 2]},
    "void": {},
    "users": [
        {"name": "Bob", "age": 30, "tags": ["x"]},
        {"name": "alice", "age": 25, "tags": []},
        {"name": "Carl", "age": 30, "addr": {"city": "Zug"}},
    ],
    "tree": [{"v": 1, "kids": [{"v": 2, "kids": []}, {"v": 3, "kids": [{"v": 4, "kids": []}]}]}],
    "pairs": [["a", 1], ["b", 2]],
    "html": "<a href='x'>\"&</a>",
    "odd_keys": {"items": "shadowed", "get": 5, "_private": 1, "with space": 2, "update": 3},
    "control": "a\u0000b\u001f\u007f\u0085\u00a0\u2028\ue000\"'\\",
}

def exprs(text):
    """One {{ expression }} a line."""
    return ["{{ " + line.strip() + " }}" for line in text.strip().splitlines() if line.strip()]


def each(names, pattern):
    return ["{{ " + pattern.format(n) + " }}" for n in names.split()]


EVERYTHING = ("s padded u empty nothing yes i neg x y big huge tiny numbers letters mixed hollow map "
              "void users pairs html odd_keys control missing")

GROUPS = {}

GROUPS["repr"] = each(EVERYTHING, "{}") + each(EVERYTHING, "[{}]") + each("s yes x map", "({},)") + exprs(r"""
    ()
    (1, 2)
    {}
    {'a': none, 1: true, 2.5: 'x', none: [], (1, 2): {}}
    [1.0, 0.1, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, 1.5e300, 5e-324, -0.0]
    [0.1 + 0.2, 1/3, 2/3, 100.0, 1e22, 9007199254740993.0]
    1e400
    [1e400, -1e400, 1e400 - 1e400]
    "it's"
    ["it's", 'say "hi"', "both ' and \""]
    ['\\', '\n\r\t', '\x00\x1f\x7f', '\x80\xad\xff', 'é', '\u200b', '\ufeff', '\U0001f600', '\ue000']
    range(3)
    [range(1, 5), range(0, 10, 3), range(5, 0, -1)]
    map.keys()
    map.values()
    map.items()
    void.items()
    namespace(a=1, b='x')
    ['<b>'|safe]
    '<b>'|safe
    [html|e]
    html|e
    html|e|e
    html|forceescape
    (html|e)|forceescape
    [missing, none]
    170141183460469231731687303715884105727
    -170141183460469231731687303715884105727
    {'k': ('a',)}
    [[[[]]]]
    true
    none
    [True, False, None]
""") + [
    "{% for q in [1] %}{{ loop }}{{ [loop] }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m }}{{ [m] }}",
    "{% macro m() %}{{ caller }}{% endmacro %}{% call m() %}{% endcall %}",
]

GROUPS["ops"] = exprs(r"""
    1 + 2
    1 + 2.5
    true + true
    7 / 2
    6 / 2
    -7 // 2
    7 // -2
    7 // 2.0
    -7.5 // 2
    -7 % 3
    7 % -3
    -7 % 3.5
    7.5 % -2
    5.0 % 5
    -5.0 % 5
    0.0 // -1
    2 ** 10
    2 ** -1
    2 ** 0.5
    (-2) ** 3
    -2 ** 2
    2 ** 3 ** 2
    10 ** 30
    2 ** 126
    0 ** 0
    0.0 ** 0
    1 / 0
    1 // 0
    1 % 0
    1.0 / 0
    1.0 // 0
    1.0 % 0
    0 ** -1
    big + big
    big * 3
    big / 7
    big // 7
    big % 7
    big - 12345678901234567889
    9007199254740993 + 0.0
    'a' + 'b'
    'a' + 1
    1 + 'a'
    [1] + [2]
    [1] + (2,)
    (1,) + (2,)
    'ab' * 3
    3 * 'ab'
    'ab' * -1
    'ab' * 0
    [1, 2] * 2
    (1,) * 3
    'a' * 'b'
    [1] - [1]
    none + 1
    missing + 1
    1 + missing
    'a' + missing
    missing.attr
    missing['item']
    -missing
    +missing
    -true
    +true
    -'a'
    +[]
    -2.5
    1 < 2
    1 < 2 < 3
    1 < 3 < 2
    3 > 2 >= 2
    1 < 'a'
    'a' < 'b'
    'B' < 'a'
    'é' > 'z'
    '😀' > 'ｚ'
    [1, 2] < [1, 3]
    [1, 2] < [1]
    (1, 'a') < (1, 'b')
    [1] < (1,)
    none < 1
    missing < 1
    1 >= missing
    {} < {}
    1 == 1.0
    1 == true
    '1' == 1
    [1, 2] == [1.0, 2]
    [1] == (1,)
    {'a': 1, 'b': 2} == {'b': 2, 'a': 1}
    {'a': 1} == {'a': 2}
    none == none
    none == missing
    missing == absent
    missing != absent
    range(3) == range(0, 3, 1)
    range(0) == range(5, 5)
    map.keys() == map.keys()
    1 != 1
    1 in [1, 2]
    1.0 in [1, 2]
    '1' in [1, 2]
    'a' in 'cat'
    '' in ''
    1 in '123'
    'a' in map
    1 in map
    [] in map
    'a' in map.keys()
    1 in map.values()
    ('a', 1) in map.items()
    2 in range(0, 10, 2)
    3 in range(0, 10, 2)
    10 in range(0, 10, 2)
    2.0 in range(5)
    'x' in range(5)
    1 in none
    1 in 5
    1 in missing
    missing in [1]
    missing in 'abc'
    none in [none]
    1 not in [1]
    not 1 in [1]
    not []
    not missing
    not 0.0
    not 'a'
    1 and 0
    1 and 2
    0 or 'x'
    '' or [] or none
    none and missing.boom
    1 or missing.boom
    1 ~ 2
    'a' ~ 1.0 ~ none ~ missing ~ [1]
    1 ~ 2 + 3
    1 + 2 ~ 3
    2 * 3 ~ 4
    ('<b>'|safe) + '<i>'
    '<i>' + ('<b>'|safe)
    ('<b>'|safe) ~ '<i>'
    ('<b>'|safe) * 2
    ('<b>'|safe) == '<b>'
    1 if [] else 2
    1 if void else 2
    1 if range(0) else 2
    1 if map.keys() else 2
    1 if void.keys() else 2
    1 if namespace() else 2
    1 if hollow|map('upper') else 2
    10 / 4 * 2
    2 + 3 * 4 - 6 / 2
    (2 + 3) * 4
    1 - 1 - 1
    100 // 7 // 2
    10 % 4 % 3
    [1, 2, 3]|length
    u|length
    map|length
    range(5)|length
    map.items()|length
    missing|length
    none|length
    5|length
    (numbers|map('string'))|length
    [1, 'a']|sort
    [none, 1]|sort
    [2, 1.5, true]|sort
    [1e400, 1]|sort
    1.5 == 1.5
    0.1 + 0.2 == 0.3
    12345678901234567890 == 12345678901234567890.0
    12345678901234567891 == 12345678901234567890.0
    3.0 * 2
    'x' * 2.0
    'x' % 1
    5 - true
""")

GROUPS["access"] = exprs(r"""
    map.a
    map['a']
    map.missing
    map['missing']
    map.missing.deeper
    map[1]
    map[[]]
    map[missing]
    odd_keys.items is callable
    odd_keys['items']
    odd_keys.get is callable
    odd_keys['get']
    odd_keys._private
    odd_keys['_private']
    odd_keys['with space']
    odd_keys.update
    odd_keys['update']
    map.update({})
    map.update is defined
    map.pop('a')
    map.clear()
    map.setdefault('a', 1)
    numbers.append(1)
    numbers.append
    numbers['append']
    numbers.sort()
    numbers.extend([1])
    numbers.insert(0, 1)
    numbers.remove(1)
    numbers.reverse()
    s.__class__
    s.__class__.__mro__
    s['__class__']
    s._x
    map.__len__()
    (1).__add__
    numbers[0]
    numbers[-1]
    numbers[3]
    numbers[-4]
    numbers[true]
    numbers[1.0]
    numbers['0']
    numbers.0
    numbers.1
    numbers[big]
    s[0]
    s[-1]
    s[99]
    u[1]
    u[-1]
    u[4]
    s.length
    s.upper is callable
    s['upper']()
    nothing.x
    nothing['x']
    nothing[0]
    nothing.x.y
    i.x
    i[0]
    i.real
    i.imag
    i.numerator
    i.denominator
    x.real
    x.imag
    yes.real
    map.keys()[0]
    map.items()|first
    range(5)[1]
    range(5)[-1]
    range(5)[9]
    range(2, 9, 3).start
    range(2, 9, 3).stop
    range(2, 9, 3).step
    numbers[:]
    numbers[1:]
    numbers[:1]
    numbers[-2:]
    numbers[::-1]
    numbers[::2]
    numbers[5:]
    numbers[2:1]
    numbers[::0]
    numbers['a':]
    numbers[none:none]
    numbers[true:]
    numbers[0:3:2]
    numbers[-1:-4:-2]
    numbers[-100:100]
    numbers[100:-100:-1]
    s[1:4]
    s[::-1]
    s[-5:]
    s[:-5]
    s[::3]
    s[10:0:-4]
    u[1:4]
    u[::-1]
    u[3:-2]
    u[::2]
    (1, 2, 3)[1:]
    range(10)[2:5]
    range(10)[::-3]
    range(10)[2:5][1]
    map[1:]
    nothing[1:]
    missing[1:]
    i[1:]
    users[0].name
    users[0]['name'][0]
    users[2].addr.city
    users[0].addr.city
    users[0].addr is defined
    users.0.name
    users|attr('append') is defined
    s|attr('upper') is defined
    map|attr('a')
    map|attr('items') is defined
    namespace(q=1).q
    namespace(q=1)['q']
    namespace(q=1).r
    namespace(_q=1)._q
    ('<b>'|safe)[0] ~ '<'
    (('<b>'|safe)[0:2]) + '<'
    [1, 2][0:1][0]
    {'a': {'b': [10, 20]}}.a.b[1]
    {1: 'one', true: 'yes'}[1]
    {1: 'one'}[1.0]
    {(1, 2): 'pair'}[1, 2]
    {none: 'n'}[none]
    users|map(attribute='name')|list|last
""")

GROUPS["str_methods"] = each(
    "capitalize casefold isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric "
    "isprintable isspace istitle isupper lower swapcase title upper strip lstrip rstrip split rsplit "
    "splitlines expandtabs", "[s.{0}(), padded.{0}(), u.{0}(), empty.{0}(), 'Ab1'.{0}(), '²½٣'.{0}()]"
) + exprs(r"""
    'ǆ ŉ ﬁ'.title()
    'ß ŉ ﬁ ΐ'.upper()
    'İI'.lower()
    'ΑΣ ΑΣΑ Σ ΑΣ.'.lower()
    'ß ς Σ'.casefold()
    "they're bill's".title()
    'abc'.center(10)
    'abc'.center(9, '*')
    'abcd'.center(9, '*')
    'abc'.center(2)
    'abc'.center(5, 'xy')
    'é'.ljust(4, '😀')
    'é'.rjust(4, '.')
    'é'.ljust('4')
    'banana'.count('an')
    'banana'.count('')
    'banana'.count('a', 2)
    'banana'.count('a', 2, 4)
    'banana'.count('a', -3)
    'aaa'.count('aa')
    'banana'.find('an')
    'banana'.find('an', 2)
    'banana'.find('x')
    'banana'.find('')
    'banana'.find('', 6)
    'banana'.find('', 7)
    'banana'.rfind('an')
    'banana'.rfind('an', 0, 4)
    'banana'.rfind('')
    u.find('日')
    u.rfind('😀')
    u.find('日', 8)
    'banana'.index('n')
    'banana'.index('x')
    'banana'.rindex('n')
    'banana'.rindex('x')
    'banana'.startswith('ban')
    'banana'.startswith('nan', 2)
    'banana'.startswith('', 6)
    'banana'.startswith('', 7)
    'banana'.startswith(('x', 'b'))
    'banana'.startswith(['b'])
    'banana'.startswith(1)
    'banana'.startswith(())
    'banana'.endswith('na')
    'banana'.endswith('n', 0, 5)
    'banana'.endswith(('x', 'a'))
    'banana'.endswith('banana!')
    'a-b-c'.partition('-')
    'a-b-c'.rpartition('-')
    'abc'.partition('-')
    'abc'.rpartition('-')
    'abc'.partition('')
    'abc'.removeprefix('ab')
    'abc'.removeprefix('x')
    'abc'.removesuffix('bc')
    'abc'.removesuffix('')
    'banana'.replace('a', 'o')
    'banana'.replace('a', 'o', 2)
    'banana'.replace('a', 'o', -1)
    'banana'.replace('a', 'o', 0)
    'ab'.replace('', '-')
    'ab'.replace('', '-', 2)
    ''.replace('', '-')
    'é日'.replace('', '-')
    'banana'.replace('an', '')
    'banana'.replace('a', 1)
    'banana'.replace('a')
    'banana'.replace(old='a', new='b')
    '  a  b  c '.split()
    '  a  b  c '.split(none, 1)
    '  a  b  c '.split(maxsplit=2)
    '  a  b  c '.rsplit(none, 1)
    '  a  b  c '.rsplit(maxsplit=2)
    'a,b,,c'.split(',')
    'a,b,,c'.split(',', 1)
    'a,b,,c'.rsplit(',', 1)
    'a,b,,c'.rsplit(',')
    'a,b,,c'.split(',', maxsplit=0)
    'a--b---c'.split('--')
    'a--b---c'.rsplit('--', 1)
    ''.split(',')
    ''.split()
    'abc'.split('')
    'abc'.split(1)
    'a\u2003b\u00a0c'.split()
    'x</think>y</think>z'.split('</think>')[-1]
    'a\nb\r\nc\rd\x0be\u2028f\x85g'.splitlines()
    'a\nb\r\n\n'.splitlines(true)
    'a\n'.splitlines(keepends=true)
    ''.splitlines()
    'xxabcxx'.strip('x')
    'xyabcyx'.strip('xy')
    'xyabcyx'.lstrip('xy')
    'xyabcyx'.rstrip('xy')
    'éaé'.strip('é')
    '\u00a0\u2003a\u3000'.strip()
    '\x1c\x1fa\x85'.strip()
    'abc'.strip('')
    'abc'.strip(none)
    'abc'.strip(1)
    '42'.zfill(5)
    '-42'.zfill(5)
    '+é'.zfill(4)
    '42'.zfill(1)
    'a\tbc\tdef\tg'.expandtabs(4)
    'a\tb'.expandtabs(tabsize=0)
    'é\tb\n\tc'.expandtabs(3)
    ', '.join(['a', 'b'])
    ''.join('abc')
    '-'.join(map)
    '-'.join([1])
    '-'.join([])
    '-'.join(5)
    '-'.join(letters|map('upper'))
    s.upper(1)
    s.nosuch()
    s.nosuch
    ('<b>'|safe).upper() + '<'
    ('<b>'|safe).replace('b', '<')
    ('<,>'|safe).split(',')[0] + '<'
    ('-'|safe).join(['<', '>'|safe, 1])
    ('<b>'|safe).center(7, '*')
    'a b'.isidentifier()
    'Hello'.istitle()
    'Ⅷ'.isnumeric()
    'Ⅷ'.isupper()
    'ª'.islower()
    'ǅ'.istitle()
    'ǅ'.isupper()
    'Ab Cd'.istitle()
    'AB'.istitle()
    'x'.isprintable() and '\n'.isprintable()
""")

GROUPS["container_methods"] = exprs(r"""
    map.get('a')
    map.get('x')
    map.get('x', 5)
    map.get('x', missing)
    map.get(key='a')
    map.get()
    map.get([])
    map.keys()|list
    map.values()|list
    map.items()|list
    map.keys()|length
    map.copy()
    map.items(1)
    void.keys()|list
    numbers.index(1)
    numbers.index(9)
    numbers.index(2, 1)
    numbers.index(3, 1)
    numbers.count(1)
    [1, 1.0, true, 2].count(1)
    numbers.copy()
    (1, 2, 1).count(1)
    (1, 2, 1).index(2)
    range(5).index(3)
    range(5).count(9)
    i.bit_length()
    (-255).bit_length()
    (0).bit_length()
    x.is_integer()
    (2.0).is_integer()
    (2.5).conjugate()
    (3).conjugate()
""") + [
    "{% set c = cycler('a', 'b', 'c') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.next() }}{{ c.pos }}{{ c.items }}",
    "{% set j = joiner(', ') %}{% for q in numbers %}{{ j() }}{{ q }}{% endfor %}{{ j.sep }}{{ j.used }}",
    "{% for q in numbers %}{{ loop.cycle('odd', 'even') }} {% endfor %}",
    "{% for q in numbers %}{{ loop.cycle() }}{% endfor %}",
    "{% for q in [1, 1, 2, 2, 1] %}{{ loop.changed(q) }} {% endfor %}",
    "{% for q in [1, 1, 2] %}{{ loop.changed(q, 'x') }} {{ loop.changed() }}{% endfor %}",
    "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in map %}{{ k }};{% endfor %}{% for v in map.values() %}{{ v }};{% endfor %}",
]

GROUPS["format"] = exprs(r"""
    '{:5}|{:<5}|{:>5}|{:^5}'.format('ab', 'ab', 'ab', 'ab')
    '{:*^7}|{:é<4}'.format('ab', 'x')
    '{:.2}|{:5.1}|'.format('abc', 'é日')
    '{:05}|{:<05}'.format('ab', 'ab')
    '{:=5}'.format('ab')
    '{:+}'.format('ab')
    '{:,}'.format('ab')
    '{:d}'.format('ab')
    '{:5}|{:<5}|{:^5}|{:05}'.format(42, 42, 42, 42)
    '{:+}|{: }|{:-}|{:+}'.format(42, 42, 42, -42)
    '{:x}|{:X}|{:o}|{:b}|{:c}'.format(255, 255, 8, 5, 233)
    '{:#x}|{:#X}|{:#o}|{:#b}|{:#08x}'.format(255, 255, 8, 5, 255)
    '{:,}|{:_}|{:_x}|{:_b}'.format(1234567, 1234567, 1048576, 255)
    '{:012,}|{:010,}|{:09,}|{:08,}'.format(1234567, 1234, 1234, 1234)
    '{:*=8}|{:*>8}|{:=+8}'.format(-42, -42, 42)
    '{:.2}'.format(42)
    '{:e}|{:f}|{:g}|{:%}'.format(42, 42, 42, 42)
    '{:s}'.format(42)
    '{:n}'.format(1234)
    '{:f}|{:.2f}|{:.0f}|{:#.0f}|{:10.3f}|{:<10.1f}|'.format(x, x, x, x, x, x)
    '{:e}|{:.1e}|{:E}|{:.0e}|{:#.0e}'.format(1234.5678, 1234.5678, 1234.5678, 1234.5678, 1234.5678)
    '{:g}|{:.3g}|{:G}|{:#g}'.format(1234567.0, 1234567.0, 1e-10, 1.0)
    '{}|{:.3}|{:.1}|{:10}|'.format(100.0, 100.0, 0.25, 1.5)
    '{:.3}|{:.2}|{:.17}'.format(1.0, 1234.5, 0.1)
    '{:%}|{:.1%}'.format(0.25, 0.125)
    '{:,}|{:,.2f}|{:012,.1f}|{:_}'.format(1234567.891, 1234567.891, 1234.5, 1e6)
    '{:+.1f}|{: .1f}|{:+.1f}'.format(x, x, y)
    '{:05.1f}|{:=+8.2f}|{:*^9.2f}'.format(y, x, x)
    '{:z.0f}|{:.0f}|{:z.1f}'.format(-0.4, -0.4, -1.5)
    '{:f}|{:F}|{:5}|{:05}'.format(huge * 1e300, huge * 1e300, huge * 1e300, huge * -1e300)
    '{:d}'.format(2.5)
    '{:x}'.format(2.5)
    '{:.0f}|{:.0f}|{:.0f}|{:.1f}|{:.2f}'.format(0.5, 1.5, 2.5, 0.25, 1.005)
    '{}|{:5}|{:d}'.format(true, true, true)
    '{:5}'.format(none)
    '{}|{}'.format(none, missing)
    '{:5}'.format(missing)
    '{:5}'.format([1])
    '{:q}'.format(1)
    '{:5.}'.format(1.0)
    '{:99999999999999999999}'.format(1)
    '{:,_}'.format(1)
    '{:c}|{:5c}|{:<5c}|'.format(97, 97, 97)
    '{:c}'.format(-1)
    '{:.30f}'.format(0.1)
    '{:.3f}'.format(123456789012345678)
    '{!r:>8}|{!s:5}|{!a}'.format('é', 'é', 'é')
    '{:{}}|{:{w}.{p}f}'.format('a', 5, x, w=8, p=2)
    '{:>{w}}'.format('a', w=4)
    '{:^6}|{:^5}'.format(1, 12)
""")

GROUPS["percent_format"] = exprs(r"""
    '%s' % 'a'
    '%s %s' % ('a', 1)
    '%s' % ('a',)
    '%s' % [1, 2]
    '%s' % none
    '%s' % missing
    '%d' % 3
    '%d' % 3.99
    '%d' % -3.99
    '%d' % true
    '%d' % 'a'
    '%d' % missing
    '%i|%u' % (3, 4)
    '%5d|%-5d|%05d|%+d|% d' % (42, 42, 42, 42, 42)
    '%05d|%+05d|%-05d|' % (-42, 42, 42)
    '%.3d|%8.3d|%-8.3d|' % (5, 5, 5)
    '%x|%X|%o|%#x|%#X|%#o' % (255, 255, 8, 255, 255, 8)
    '%x' % -255
    '%#010x' % 255
    '%x' % 2.5
    '%f|%.2f|%8.3f|%-8.1f|%08.2f' % (x, x, x, x, y)
    '%e|%.2e|%E|%g|%G|%.3g' % (x, x, 1e10, 1e10, 1e-10, 1234.5)
    '%#.0f|%#g' % (x, x)
    '%+.1f|% .1f' % (x, x)
    '%f' % 'a'
    '%f|%F|%5.1f' % (1e400, -1e400, 1e400)
    '%c%c' % ('a', 98)
    '%c' % 'ab'
    '%c' % 233
    '%r|%a' % ('é', 'é')
    '%5s|%-5s|%.2s|%5.1s|' % ('abc', 'abc', 'abc', 'abc')
    '%.1s|%3s|' % ('é日', '日')
    '%%'  % ()
    '100%%' % ()
    '%s' % ()
    '%s' % ('a', 'b')
    'no fields' % 1
    'no fields' % {}
    'no fields' % [1]
    'no fields' % ()
    '%(a)s-%(b)5s' % map
    '%(zz)s' % map
    '%(a)s' % 5
    '%(a)s' % (1,)
    '%(a(b))s' % {'a(b)': 1}
    '%(a' % map
    '%*d|%-*d|%.*f' % (5, 42, 5, 42, 1, x)
    '%*d' % ('a', 1)
    '%*d' % (-6, 42)
    '%' % 1
    '%5' % 1
    '%y' % 1
    '%ld %hd' % (1, 2)
    '%s' % (missing,)
    ('<b>%s</b>'|safe) % '<i>'
    ('%s %s'|safe) % ('<', '<'|safe)
    ('%d%%'|safe) % 5
    '%s'|format('a')
    '%s-%s'|format(1, 2.0)
    '%(a)s'|format(a=1)
    '%(a)s'|format(1, a=1)
    '%d.'|format(x)
    5|format
""")

GROUPS["str_format"] = exprs(r"""
    '{}'.format(1)
    '{} {}'.format(1, 'a')
    '{0} {1} {0}'.format('a', 'b')
    '{a} {b}'.format(a=1, b=2)
    '{0.x} {0[x]}'.format({'x': 1})
    '{0[0]} {0[1]}'.format(numbers)
    '{a[b][c]}'.format(a={'b': {'c': 5}})
    '{0.missing}|'.format(map)
    '{0[missing]}|'.format(map)
    '{0.missing.deeper}'.format(map)
    '{0.__class__}|'.format(1)
    '{0.upper}'.format(missing)
    '{{}} {{{}}}'.format(1)
    '{'.format(1)
    '}'.format(1)
    '{a'.format(a=1)
    '{}}'.format(1)
    '{} {0}'.format(1)
    '{0} {}'.format(1)
    '{1}'.format(1)
    '{}'.format()
    '{a}'.format(1)
    '{!r} {!s} {!a}'.format('é', 'é', 'é')
    '{!x}'.format(1)
    '{!}'.format(1)
    '{!r'.format(1)
    '{0!rx}'.format(1)
    '{:{}}'.format('a', 4)
    '{:{:{}}}'.format(1, 2, 3)
    '{0[}'.format(1)
    '{0[]}'.format(numbers)
    '{0.}'.format(numbers)
    '{0[0]x}'.format(numbers)
    '{a{b}}'.format(a=1)
    '{} {}'.format(*[1, 2])
    '{x}'.format(**{'x': 3})
    'é{}日'.format('😀')
    ('<b>{}</b>'|safe).format('<i>')
    ('{}'|safe).format('<i>'|safe)
    ('{:5}'|safe).format('<')
    ('{:5}'|safe).format('<'|safe)
    'a'.format(1, 2, b=3)
    '{:>5}{:<5}|'.format(1, 2)
    '{0[-1]}|'.format(numbers)
    '{0[ a]}|'.format({' a': 1})
""") + ["{% for q in numbers %}{{ '{}'.format(q) }}{% endfor %}"]

GROUPS["json_text"] = each(EVERYTHING, "{}|tojson") + each("map users mixed", "{}|tojson(indent=2)") + exprs(r"""
    map|tojson(indent=0)
    map|tojson(indent=-1)
    map|tojson(indent=1)
    map|tojson(indent=true)
    map|tojson(indent='\t')
    map|tojson(indent='--')
    map|tojson(indent='')
    map|tojson(indent=none)
    map|tojson(indent=1.5)
    hollow|tojson(indent=2)
    void|tojson(indent=2)
    [[], {}, [[]]]|tojson(indent=2)
    map|tojson(separators=(',', ':'))
    map|tojson(separators=[' , ', ' : '])
    map|tojson(separators=(',', ':'), indent=2)
    map|tojson(separators=(',',))
    map|tojson(separators=none)
    u|tojson(ensure_ascii=true)
    u|tojson(true)
    u|tojson(ensure_ascii=false)
    control|tojson(ensure_ascii=true)
    '\ud83d'|tojson(ensure_ascii=true)
    '\ud83d\ude00'|tojson(ensure_ascii=true)
    {'b': 1, 'a': 2, 'C': 3}|tojson(sort_keys=true)
    {'b': 1, 2: 2}|tojson(sort_keys=true)
    {2: 'x', 1: 'y', 1.5: 'z'}|tojson(sort_keys=true)
    {1: 'a', 2.5: 'b', none: 'c', true: 'd', 'e': 'f'}|tojson
    {false: 1, 1e400: 2}|tojson
    {(1, 2): 3}|tojson
    (1, 2)|tojson
    ()|tojson
    [1.0, 1e16, 1e-5, -0.0, 0.1]|tojson
    [1e400, -1e400, 1e400 - 1e400]|tojson
    [true, false, none]|tojson
    '<b>&\'"'|tojson
    ('<b>'|safe)|tojson
    '/ \\ \b \f \n \r \t \x01'|tojson
    range(3)|tojson
    map.items()|tojson
    (numbers|map('string'))|tojson
    namespace(a=1)|tojson
    [missing]|tojson
    users|tojson|length
    {'a': {'b': {'c': [1, {'d': none}]}}}|tojson(indent=4)
    'x'|tojson ~ '<'
    s|tojson(nosuch=1)
    170141183460469231731687303715884105727|tojson
""")

GROUPS["strftime"] = ["{{ strftime_now('" + f + "') }}" for f in (
    "%Y-%m-%d", "%d %B %Y", "%A, %d %b %Y", "%a %b %e", "%H:%M:%S", "%I:%M %p", "%j", "%U %W %V",
    "%G %g %u %w", "%y %C", "%D %F %T %R", "%c", "%x %X", "%r", "%k %l", "%-d %-m %-H %-I",
    "%_d %_m", "%05d %10Y %3j", "%^a %^B %#a %#p", "%h %n%t%%", "%f", "%z%Z|", "%P", "%e", "plain",
    "", "é %d 日", "%-e %-k %-l", "%0e", "%-10A|%010A", "%-1d", "%-5Y", "%12F", "%_12F", "%4p|%#4p", "%^#a", "%#^p", "%#B", "%^c", "%#c", "%Q", "%+", "%", "%Ey %Od", "%3d|%-3d", "%10A|%^10b", "%_5Y")] + exprs("""
    strftime_now()
    strftime_now(5)
    strftime_now('%Y')|int + 1
    strftime_now(format='%d')
""")

GROUPS["lexer"] = [
    "a\n", "a\n\n", "\n", "", "a\r\nb\rc\n", "a\r\n", "{ {", "{", "{}", "%}", "}} #}", "a{b}c",
    "{{ 1 }}\n{{ 2 }}\n", "{{ 1 -}}\n  {{- 2 }}", "  {{- 1 -}}  ", "a {{- 1 -}} b", "a {{+ 1 }} b",
    "{% if true %}\na\n{% endif %}\nb\n",
    "  {% if true %}  \n  a\n  {% endif %}  \nb",
    "  {%+ if true %}a{%+ endif %}",
    "x {% if true %}a{% endif %}\n\ny",
    "x\n \t {% if true %}a\n \t {% endif %}y",
    "{% if true +%}\na{% endif +%}\nb",
    "{%- if true -%}  a  {%- endif -%}  b",
    "a\n\n  {%- if true %}b{% endif %}",
    "{% if true -%}\n\n  b{% endif %}",
    "{# c #}\na", "  {# c #}  \na", "a{#- c -#} b", "{#+ c +#}\na", "x\n  {#+ c #}\ny", "{##}a", "{#-#}a",
    "{# {{ x }} {% if %} #}b", "{#\nc\n#}\nb", "a\n{#- c #}b", "{# c -#}\n\n b",
    "{% raw %}{{ a }}{% if %}{# #}{% endraw %}", "{% raw -%}  a  {%- endraw %} b", "  {% raw %}\n a\n  {% endraw %}\nb",
    "{%- raw -%} {{ x }} {%- endraw -%} y", "{% raw %}{% endraw %}", "{%raw%}{%{% endraw %}", "{%+ raw %}a{%+ endraw +%}\nb",
    "{% raw %}{% endrawx %}{% endraw %}", "x\n  {% raw %}a\n  {% endraw %}\nb",
    "\u00a0{%- if true %}a{% endif -%}\u2003b", "\x0b{% if true %}a{% endif %}",
    "{{ 'a' 'b' \"c\" }}", "{{ 'a\\nb\\tc\\\\d\\'e\\\"f' }}", "{{ '\\x41\\u00e9\\U0001F600\\101\\0' }}", "{{ '\\q\\é' }}",
    "{{ 'é\\n' }}", "{{ 'a\\\nb' }}", "{{ '\\x4' }}", "{{ '\\u12' }}", "{{ '\\U00110000' }}", "{{ 'a\nb' }}", "{{ 'a\r\nb' }}",
    "{{ 'it''s' }}", "{{ \"it's\" }}", "{{ 'a }} b' }}", "{{ '{% x %}' }}",
    "{{ 1_000 }}", "{{ 0x1F }}", "{{ 0X1f }}", "{{ 0b101 }}", "{{ 0o17 }}", "{{ 0_0 }}", "{{ 007 }}", "{{ 1__0 }}", "{{ 0x_1 }}",
    "{{ 1.5 }}", "{{ 1. }}", "{{ .5 }}", "{{ 1e3 }}", "{{ 1E+3 }}", "{{ 1.5e-3 }}", "{{ 1_0.5_0 }}", "{{ 1e }}", "{{ 1.e3 }}",
    "{{ numbers.0.real }}", "{{ pairs.0.1 }}", "{{ 12a }}",
    "{{ été }}", "{{ _x1 }}", "{{ ² }}", "{{ a² }}", "{{ 变量 }}", "{% set été = 1 %}{{ été }}", "{% set ² = 1 %}",
    "{{ {'a': {'b': 1}} }}", "{{ {'a': 1}['a']}}", "{{ ({}) }}", "{{ {} }}", "{{{'a': 1}.a}}", "{{ {'a': {}}}}",
    "{{ [1, 2 }}", "{{ (1 }}", "{{ 1) }}", "{{ (1] }}", "{{ [} }}", "{{ } }}",
    "{{ a ! b }}", "{{ a @ b }}", "{{ $ }}", "{{ a ? b }}", "{{ a & b }}", "{{ `a` }}", "{{ 'a }}", "{{ \\ }}",
    "{{ 1", "{{", "{%", "{% if", "{# a", "a {% raw %} b", "{{ 1 }", "{% if true %}", "{{ 1 %}", "{% if true }}",
    "{{ 1\n+\n2 }}", "{%\nif\ntrue\n%}a{%\nendif\n%}", "{{\t1\x0b}}", "{{ 1\u00a0+\u20032 }}",
    "a\x00b", "{{ '\x00' }}", "{{ \x00 }}", "\ufeffa", "{{ 1 }}\n\n{{- 2 }}", "{{ 1 -}}\n\n{% if true %}\na{% endif %}",
    "{% if true %}\r\na\r\n{% endif %}\r\nb", "a\n{{ 1 }}\n  {% if true %}b{% endif %}\n",
    "{{ 1 -}} {# c #} x", "  {{ 1 }}  {% if true %}  {% endif %}  ", "{% set q = '-' %}\n\n{{ q }}",
    "\u2028{% if true %}a{% endif %}", "{{1-1}}{{-1}}{{- 1}}", "{{ 1 --}}", "{{ --1 }}", "{{ 1-}}",
]

GROUPS["parser"] = exprs(r"""
    1 if true else 2
    1 if false
    1 if true else 2 if true else 3
    (1 if false else 2) if true
    1 if 0 else 2 if 0 else 3
    not true and false
    not (true and false)
    true or false and false
    1 + 2 * 3 ** 2
    -1 ** 2
    (-1) ** 2
    - -1
    -1|abs
    -(1|abs)
    2 ** -1|abs
    1 < 2 == true
    1 == 1 in [true]
    'a' in 'abc' and 'b' not in 'ac'
    not 'a' in 'abc'
    'a' not in 'abc'
    'a' ~ 'b' == 'ab'
    'a' ~ 'b'|upper
    1, 2
    1,
    (1)
    (1,)
    ()
    [1, 2,]
    [,]
    {'a': 1,}
    {'a'}
    {'a': 1 'b': 2}
    {,}
    [1 2]
    (1, , 2)
    f(1, 2)
    range(1, 3,)|list
    range(,)
    dict(a=1, b=2)
    dict(a=1, 2)
    dict(a=1, a=2)
    dict(**{'a': 1}, b=2)
    dict(**{'a': 1})
    dict(*[[['a', 1]]])
    range(*[1, 4])|list
    range(*[1], 4)
    dict(**1)
    dict(**{1: 2})
    dict(b=1, **{'b': 2})
    range(*5)
    numbers[0](1)
    s.upper()[0].lower()
    s.split()[1][0]|lower
    numbers|sort|first + 1
    numbers|join(',')|length
    numbers | join (',')
    'a'|upper()
    'a'|upper|lower|upper
    'a'|nosuch
    'a'|nosuch.deeper
    'a'|
    'a'|'b'
    'a'|upper.x
    1 is odd
    1 is not odd
    not 1 is odd
    1 is divisibleby 2
    1 is divisibleby(2)
    6 is divisibleby 3 and true
    1 is in [1, 2]
    1 is in numbers
    1 is not in [1, 2]
    1 is eq 1
    1 is sameas 1
    1 is nosuch
    1 is odd is odd
    1 is
    1 is 1
    missing is defined and missing
    missing is defined or 'x'
    1 if missing is defined else 2
    s is string and s is not number
    s|length is odd
    (s|length) is odd
    3 is odd|string
    (3 is odd)|string
    missing is defined if true
    true is sameas true
    True and None
    true.x
    none.x
    'a'.upper()
    1.real
    1.5.real
    [1][0]
    {'a': 1}.a
    (1, 2)[0]
    numbers[0:2][1]
    numbers[]
    numbers[0, 1]
    numbers[0:1, 1]
    numbers[:, 0]
    numbers[1:2:3:4]
    numbers[:::]
    numbers.
    numbers.'a'
    .a
    *numbers
    +
    1 +
    + 1
    1 1
    a b
    if
    in
    else
    and
    is
    for
    not
    not not true
    1 not 2
    1 not in
    a = 1
    1; 2
    1 : 2
    'a' if 'b' else
    if x else y
    lambda: 1
    x.y.z
    x == 
    == x
    1 ! 2
    1 != 2
    1 <> 2
    1 === 1
    a.b()
    s.upper().lower()
    range(3)|map('string')|join
    'x'|default('y', true)|upper
    ('a', 'b')|join
    {'a': 1}|items|list
    [1, 2, 3] | select('odd') | list
    1 if 2 if 3
    (1 if 2) if 3
    numbers|first if numbers
    's' if s is string else 'n' if s is none else 'o'
    {'k': 1 if true else 2, 'l': [3 if false else 4]}
    dict(a=1 if true else 2)
    numbers[1 if true else 2]
    true if true else false
    0.1.real
    1 .real
""") + [
    "{% if true %}{{ 'a'|nosuch }}{% endif %}", "{% if false %}{{ 'a'|nosuch }}{% endif %}ok",
    "{{ 'a'|nosuch if false else 'b' }}", "{{ 'a' is nosuch if false else 'b' }}", "{% if 1 is nosuch %}{% endif %}",
    "{% if false %}{% for q in numbers %}{{ q|nosuch }}{% endfor %}{% endif %}",
    "{% if false %}{% for q in numbers|nosuch %}{% endfor %}{% endif %}ok",
    "{% if false %}{% with q = 1 %}{{ q|nosuch }}{% endwith %}{% endif %}",
    "{% if false %}{% filter nosuch %}{% endfilter %}{% endif %}",
    "{{ " + "(" * 50 + "1" + ")" * 50 + " }}", "{{ " + "not " * 40 + "1 }}", "{{ " + "-" * 40 + "1 }}",
    "{{ 1" + " + 1" * 60 + " }}", "{{ 'a'" + " ~ 'a'" * 300 + " }}", "{{ [" + "1, " * 300 + "]|length }}",
]

GROUPS["parser_statements"] = [
    "{% if true %}a{% endif %}", "{% if false %}a{% else %}b{% endif %}",
    "{% if false %}a{% elif true %}b{% else %}c{% endif %}", "{% if 0 %}a{% elif 0 %}b{% elif 1 %}c{% elif 1 %}d{% endif %}",
    "{% if true: %}a{% endif %}", "{% if 1, %}a{% endif %}", "{% if 1 if 2 %}a{% endif %}", "{% if %}a{% endif %}",
    "{% if true %}a{% else %}b{% else %}c{% endif %}", "{% if true %}a{% else %}b{% elif 1 %}c{% endif %}",
    "{% if true %}a{% endfor %}", "{% endif %}", "{% else %}", "{% elif 1 %}", "{% if true %}{% for q in numbers %}{% endif %}{% endfor %}",
    "{% nosuch %}", "{% do numbers %}", "{% 1 %}", "{% %}", "{% 'a' %}", "{% debug %}", "{% trans %}a{% endtrans %}",
    "{% for q in numbers %}{{ q }}{% endfor %}", "{% for q in numbers: %}{{ q }}{% endfor %}", "{% for a, b in pairs %}{{ a }}{{ b }}{% endfor %}",
    "{% for (a, b) in pairs %}{{ a }}{{ b }}{% endfor %}", "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, in [[1], [2]] %}{{ a }}{% endfor %}", "{% for q in 1, 2, 3 %}{{ q }}{% endfor %}", "{% for q in %}{% endfor %}",
    "{% for in numbers %}{% endfor %}", "{% for q numbers %}{% endfor %}", "{% for q.r in numbers %}{% endfor %}", "{% for 1 in numbers %}{% endfor %}",
    "{% for none in numbers %}{% endfor %}", "{% for q in numbers if q > 1 %}{{ q }}{% endfor %}", "{% for q in (numbers if true else []) %}{{ q }}{% endfor %}",
    "{% for q in numbers if true else [] %}{% endfor %}", "{% for q in hollow %}a{% else %}b{% endfor %}", "{% for q in numbers %}{% else %}{% else %}{% endfor %}",
    "{% for q in numbers recursive %}{{ q }}{% endfor %}", "{% for q in numbers if q recursive %}{{ q }}{% endfor %}", "{% for loop in numbers %}{% endfor %}",
    "{% for q in numbers %}{% set loop = 1 %}{% endfor %}", "{% set loop = 1 %}{{ loop }}",
    "{% set q = 1 %}{{ q }}", "{% set q = 1, 2 %}{{ q }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set (a, b) = [1, 2] %}{{ a }}{{ b }}", "{% set q %}x{{ s }}{% endset %}{{ q }}",
    "{% set q | upper %}x{{ s }}{% endset %}{{ q }}", "{% set q | upper | replace('X', 'y') %}x{% endset %}{{ q }}", "{% set q upper %}{% endset %}",
    "{% set q == 1 %}", "{% set 1 = 1 %}", "{% set none = 1 %}", "{% set true = 1 %}", "{% set q.r = 1 %}", "{% set q[0] = 1 %}", "{% set [a] = [1] %}", "{% set 'a' = 1 %}", "{% set a, 1 = 1, 2 %}",
    "{% set q = %}", "{% set = 1 %}", "{% set %}", "{% set q += 1 %}", "{% set a = b = 1 %}", "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}", "{% set ns = namespace() %}{% set ns.a.b = 1 %}",
    "{% set ns = namespace() %}{% set ns.a %}block{% endset %}{{ ns.a }}", "{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}", "{% set ns = namespace() %}{% set b, ns.a = 1, 2 %}",
    "{% macro m() %}x{% endmacro %}{{ m() }}", "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m(a, a) %}{% endmacro %}", "{% macro m %}{% endmacro %}",
    "{% macro () %}{% endmacro %}", "{% macro m(1) %}{% endmacro %}", "{% macro none() %}{% endmacro %}", "{% macro m(a.b) %}{% endmacro %}", "{% macro m() %}x{% endmacro m %}", "{% macro m(a,) %}{% endmacro %}", "{% macro m(a b) %}{% endmacro %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}x{% endcall %}", "{% call m %}x{% endcall %}", "{% call %}x{% endcall %}", "{% call 1 %}x{% endcall %}", "{% call m()|upper %}x{% endcall %}",
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter upper|replace('A', 'b') %}a{% endfilter %}", "{% filter %}a{% endfilter %}", "{% filter nosuch %}a{% endfilter %}", "{% filter length %}abc{% endfilter %}", "{% filter length|string %}abc{% endfilter %}",
    "{% with %}a{% endwith %}", "{% with q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% with q = 1, r = 2 %}{{ q }}{{ r }}{% endwith %}", "{% with q = 1, r = q %}{{ r }}{% endwith %}", "{% with q %}{% endwith %}", "{% with q = 1 r = 2 %}{% endwith %}", "{% with (a, b) = (1, 2) %}{{ a }}{{ b }}{% endwith %}",
    "{% print s %}", "{% print s, i %}", "{% print %}", "{% print s i %}",
    "{% break %}", "{% continue %}", "{% for q in numbers %}{% break %}{% endfor %}", "{% for q in numbers %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
    "{% for q in numbers %}{% else %}{% break %}{% endfor %}", "{% for r in numbers %}{% for q in hollow %}{% else %}{% break %}{% endfor %}{{ r }}{% endfor %}", "{% for q in numbers %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
    "{% generation %}a{{ s }}{% endgeneration %}b", "{% generation %}{% set q = 1 %}{% endgeneration %}{{ q }}", "{% generation %}", "{% generation x %}{% endgeneration %}",
    "{% include 'x' %}", "{% if false %}{% include 'x' %}{% endif %}ok", "{% import 'x' as y %}", "{% if false %}{% import 'x' as y %}{% endif %}ok", "{% from 'x' import y %}", "{% extends 'x' %}",
    "{% endraw %}", "{% if true %}", "{% for q in numbers %}", "{% macro m() %}", "{% set q %}", "{% filter upper %}", "{% call m() %}", "{% with %}",
    "{% if true %}a{% endif x %}", "{% for q in numbers %}{% endfor q %}", "{% if true -%} a {%- endif %}", "{% if true %}{% if true %}{% if true %}x{% endif %}{% endif %}{% endif %}",
]

GROUPS["scope"] = [
    "{% set q = 1 %}{% for r in numbers %}{% set q = r %}{% endfor %}{{ q }}", "{% for r in numbers %}{% set q = r %}{% endfor %}{{ q }}",
    "{% for r in numbers %}{{ q }}{% set q = r %}{% endfor %}", "{% set q = 0 %}{% for r in numbers %}{{ q }}{% set q = r %}{{ q }}{% endfor %}{{ q }}",
    "{% for s in numbers %}{{ s }}{% endfor %}{{ s }}", "{% for q in numbers %}{% for q in letters %}{{ q }}{% endfor %}{{ q }}{% endfor %}",
    "{% if true %}{% set q = 1 %}{% endif %}{{ q }}", "{% if false %}{% set q = 1 %}{% endif %}{{ q }}", "{% if false %}{% set s = 1 %}{% endif %}{{ s }}", "{% if true %}{% set s = 1 %}{% endif %}{{ s }}",
    "{% if false %}{% set s = 1 %}{% else %}{% set s = 2 %}{% endif %}{{ s }}", "{% if false %}{% set s = 1 %}{% elif false %}{% set s = 2 %}{% endif %}{{ s }}",
    "{% for r in numbers %}{% if r == 1 %}{% set s = r %}{% endif %}{{ s }};{% endfor %}{{ s }}", "{% for r in numbers %}{% if r == 1 %}{% set q = r %}{% endif %}{{ q }};{% endfor %}",
    "{% set q = 5 %}{% for r in numbers %}{% if r == 1 %}{% set q = r %}{% endif %}{{ q }};{% endfor %}{{ q }}",
    "{% set q = q %}{{ q }}", "{% set s = s ~ '!' %}{{ s }}", "{% set s = s %}{{ s }}", "{{ s }}{% set s = 1 %}{{ s }}",
    "{% set ns = namespace(n=0) %}{% for r in numbers %}{% set ns.n = ns.n + r %}{% endfor %}{{ ns.n }}", "{% set q.r = 1 %}", "{% set s.r = 1 %}", "{% set map.r = 1 %}", "{% set ns = namespace() %}{% for r in numbers %}{% set ns = r %}{% endfor %}{{ ns }}",
    "{% macro m() %}{{ s }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ q }}{% endmacro %}{% set q = 3 %}{{ m() }}", "{% set q = 1 %}{% macro m() %}{{ q }}{% endmacro %}{% set q = 2 %}{{ m() }}",
    "{% macro m() %}{% set q = 1 %}{{ q }}{% endmacro %}{{ m() }}{{ q }}", "{% macro m() %}{% set s = 1 %}{{ s }}{% endmacro %}{{ m() }}{{ s }}", "{% macro m(s) %}{{ s }}{% endmacro %}{{ m(1) }}{{ m() }}{{ s }}",
    "{% for q in numbers %}{% macro m() %}{{ q }}{% endmacro %}{{ m() }}{% endfor %}", "{% for q in numbers %}{% macro m() %}{{ q }}{% endmacro %}{% endfor %}{{ m() }}", "{% macro m() %}{{ n() }}{% endmacro %}{% macro n() %}x{% endmacro %}{{ m() }}",
    "{{ m() }}{% macro m() %}x{% endmacro %}", "{% if true %}{% macro m() %}x{% endmacro %}{% endif %}{{ m() }}", "{% if false %}{% macro m() %}x{% endmacro %}{% endif %}{{ m() }}", "{% macro m() %}a{% macro n() %}b{{ s }}{% endmacro %}{{ n() }}{% endmacro %}{{ m() }}",
    "{% set ns = namespace(f=none) %}{% for q in numbers %}{% if loop.first %}{% macro m() %}[{{ q }}]{% endmacro %}{% set ns.f = m %}{% endif %}{{ ns.f() }}{% endfor %}",
    "{% with q = 1 %}{% set q = 2 %}{{ q }}{% endwith %}{{ q }}", "{% with s = 1 %}{{ s }}{% endwith %}{{ s }}", "{% set q = 1 %}{% with %}{% set q = 2 %}{{ q }}{% endwith %}{{ q }}", "{% with q = s, s = 2 %}{{ q }}{{ s }}{% endwith %}",
    "{% set q %}{% set r = 1 %}{{ r }}{% endset %}{{ q }}{{ r }}", "{% set s %}{{ s }}!{% endset %}{{ s }}", "{% filter upper %}{% set q = 'a' %}{{ q }}{% endfilter %}{{ q }}",
    "{% call m() %}x{% endcall %}{% macro m() %}{% endmacro %}", "{% macro m() %}{{ caller() }}{% endmacro %}{% set q = 1 %}{% call m() %}{{ q }}{% set q = 2 %}{{ q }}{% endcall %}{{ q }}",
    "{% macro m() %}{{ loop }}{% endmacro %}{% for q in numbers %}{{ m() }}{% endfor %}", "{% for q in numbers %}{% for r in letters %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}", "{% for q in numbers if loop.index > 1 %}{{ q }}{% endfor %}",
    "{% for r in hollow %}{% else %}{% set q = 1 %}{{ q }}{% endfor %}{{ q }}", "{% for q in numbers %}{% endfor %}{{ q }}", "{% for k, v in map.items() %}{% endfor %}{{ k }}{{ v }}",
    "{% set a, b = 1, 2 %}{% set a, b = b, a %}{{ a }}{{ b }}", "{% for q in numbers %}{% set s = loop.index %}{% if loop.last %}{{ s }}{% endif %}{% endfor %}{{ s }}", "{% set q = namespace(v=1) %}{% macro m(n) %}{% set n.v = n.v + 1 %}{% endmacro %}{{ m(q) }}{{ m(q) }}{{ q.v }}",
    "{% macro a() %}{{ q }}{% endmacro %}{{ a() }}{% set q = 3 %}{{ a() }}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% set missing = missing %}{{ missing is defined }}", "{% if missing is not defined %}{% set missing = 'd' %}{% endif %}{{ missing }}",
    "{% if not s is defined %}{% set s = 'd' %}{% endif %}{{ s }}", "{% for q in numbers %}{% if q == 1 %}{% set s = 'in' %}{% else %}{% set s = 'out' %}{% endif %}{{ s }} {% endfor %}{{ s }}", "{% set range = 5 %}{{ range }}", "{{ range is defined }}{{ namespace is defined }}{{ lipsum is defined }}",
    "{% set q = 1 %}{% if true %}{% for r in numbers %}{% if true %}{% set q = q + r %}{% endif %}{{ q }} {% endfor %}{% endif %}{{ q }}", "{% for q in [1] %}{% with r = q %}{% set t %}{{ r }}{% endset %}{{ t }}{% endwith %}{% endfor %}{{ t }}",
]

GROUPS["interpreter"] = [
    "plain", "{{ s }}", "{{ missing }}", "{{ nothing }}", "{{ yes }}{{ no }}", "{% if s %}a{% endif %}", "{% if missing %}a{% else %}b{% endif %}", "{% if map.missing %}a{% else %}b{% endif %}", "{% if missing.x %}a{% endif %}",
    "{% set q = numbers %}{{ q }}", "{% set a, b = numbers %}", "{% set a, b, c = numbers %}{{ c }}{{ b }}{{ a }}", "{% set a, b = 5 %}", "{% set a, b = 'xy' %}{{ a }}-{{ b }}", "{% set a, b = missing %}", "{% set a, (b, c) = 1, (2, 3) %}{{ a }}{{ b }}{{ c }}",
    "{% set q %}{% endset %}[{{ q }}]", "{% set q %}  {{ s }}  {% endset %}[{{ q }}]", "{% set q | trim %}  {{ s }}  {% endset %}[{{ q }}]", "{% set q | length %}abc{% endset %}{{ q + 1 }}", "{% set q %}<b>{% endset %}{{ q|e }}",
    "{% filter upper %}a{% filter replace('A', 'x') %}A{% endfilter %}{% endfilter %}", "{% filter indent(2) %}a\nb{% endfilter %}", "{% filter trim %} {% for q in numbers %} {{ q }} {% endfor %} {% endfilter %}",
    "{% for q in numbers %}{% set t %}{% if q == 1 %}{% break %}{% endif %}{{ q }}{% endset %}{{ t }};{% endfor %}done", "{% for q in numbers %}{% filter upper %}a{% continue %}{% endfilter %}{% endfor %}done", "{% for q in numbers %}{% with r = q %}{% if r == 1 %}{% continue %}{% endif %}{{ r }}{% endwith %}{% endfor %}",
    "{% with q = 1 %}{{ q }}{% with q = 2 %}{{ q }}{% endwith %}{{ q }}{% endwith %}", "{% generation %}{{ s }}{% endgeneration %}", "{% for q in numbers %}{% generation %}{{ q }}{% endgeneration %}{% endfor %}", "{% generation %}{% for q in numbers %}{{ loop.index }}{% endfor %}{% endgeneration %}",
    "{{ raise_exception('boom') }}", "{% if true %}{{ raise_exception('a' ~ 1) }}{% endif %}", "{{ raise_exception() }}", "{{ raise_exception(none) }}", "{{ raise_exception(message='named') }}", "x{{ raise_exception('é\n\"') }}", "{% set q = raise_exception('set') %}", "{% if raise_exception('test') %}{% endif %}", "{{ 'a' if true else raise_exception('never') }}",
    "{% set ns = namespace() %}{% set ns.x = [1] %}{% set ns.x = ns.x + [2] %}{{ ns.x }}", "{% set ns = namespace() %}{% set ns.self = 1 %}{{ ns.self }}", "{% set ns = namespace(a=1) %}{% set m = namespace(n=ns) %}{% set ns.a = 2 %}{{ m.n.a }}{{ m }}",
    "{% print s %}{% print i, x %}", "{{ s }}\n{{ i }}\n", "{% for q in range(3) %}{{ q }}{% endfor %}", "{% for q in 'aé😀' %}[{{ q }}]{% endfor %}", "{% for q in map %}{{ q }}{% endfor %}", "{% for q in missing %}{{ q }}{% else %}none{% endfor %}", "{% for q in nothing %}{% endfor %}", "{% for q in 5 %}{% endfor %}", "{% for q in true %}{% endfor %}", "{% for q in namespace() %}{% endfor %}",
    "{% for a, b in numbers %}{% endfor %}", "{% for a, b in ['xy', 'zw'] %}{{ a }}{{ b }}{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{% for q in numbers|map('string') %}{{ q }}{% endfor %}", "{% set g = numbers|map('string') %}{% for q in g %}{{ q }}{% endfor %}|{% for q in g %}{{ q }}{% endfor %}",
    "{% set g = numbers|select('odd') %}{{ g|first }}{{ g|list }}{{ g|list }}", "{% set g = [1, 'a']|map('abs') %}{{ g|first }}", "{% set g = [1, 'a']|map('abs') %}{% for q in g %}{{ q }}{% endfor %}", "{% set g = 5|map('abs') %}ok", "{% for q in 5|map('abs') %}{% endfor %}",
]

GROUPS["evaluate"] = exprs(r"""
    [missing, 1][0] is undefined
    {'a': 1, 'a': 2}
    {missing: 1}
    {[]: 1}
    {(1, []): 1}
    {1: 'a', 1.0: 'b', true: 'c'}
    {'a': 1}['a'] + {'b': 2}.b
    (1 if false).x
    (1 if false) is undefined
    1 if false
    [1 if false]
    '' if missing else 'd'
    missing or 'd'
    missing and 'd'
    none or missing or 0
    1 < 2 < missing
    3 < 2 < missing
    missing == missing
    s ~ i ~ x ~ nothing ~ yes
    s[i - 1]
    s[(0):(i - 2)]
    numbers[numbers[1]]
    numbers[missing]
    numbers[missing:]
    map[s]
    s.upper()
    s.upper is string
    s()
    i()
    nothing()
    missing()
    missing.x()
    map.missing()
    s.split(' ')[0]
    'a' 'b'
    'a' is string
    1 is number and 1 is integer
    (s, i)[1]
    (yes and no) or i
    not (yes and no)
    x|round|int
    [1, 2, 3][-1] + [4][0]
    users|length > 2
    users[0].tags[0]|upper
    users[0].tags|length == 1 and users[1].tags|length == 0
    i % 2 == 1
    -i|abs
    {'a': [1, {'b': 2}]}.a[1].b
    range(i)[::2]|list
    'yes' if s in [s, 1] else 'no'
    'yes' if 'World' in s and 'x' not in s else 'no'
    loop
    super()
    varargs
    caller
    namespace(**map).a
    namespace(map, d=4).d
    namespace(5)
    namespace([1])
    dict(pairs)
    dict(pairs, c=3)
    dict(map).a
    dict(5)
    dict([[1]])
    dict([[[], 1]])
    dict(1, 2)
    dict(missing)
    'a'|default
    s|upper|lower|title
""")

GROUPS["call"] = [
    "{% macro m(a, b=2, c=a) %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c=4) }}{{ m(b=5, a=6) }}{{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}", "{% macro m(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}{{ m() }}", "{% macro m(a) %}{{ a }}{{ varargs }}{% endmacro %}{{ m(1, 2, 3) }}{{ m(*numbers) }}", "{% macro m(a) %}{{ a }}{{ kwargs }}{% endmacro %}{{ m(1, **map) }}", "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(**{'a': 1, 'b': 2}) }}", "{% macro m(a) %}{% endmacro %}{{ m(a=1, **{'a': 2}) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
    "{% macro m(a=b, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m() }}", "{% macro m(a=s) %}{{ a }}{% endmacro %}{{ m() }}{{ m(none) }}{{ m(missing) }}", "{% macro m(a, b=a ~ 'x') %}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m(kwargs) %}{{ kwargs }}{% endmacro %}{{ m(1) }}", "{% macro m(varargs=1) %}{{ varargs }}{% endmacro %}{{ m() }}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}body {{ s }}{% endcall %}", "{% macro m() %}<{{ caller(1, 2) }}>{% endmacro %}{% call(a, b) m() %}{{ a }}+{{ b }}{% endcall %}", "{% macro m() %}{{ caller(1) }}{% endmacro %}{% call(a, b=5) m() %}{{ a }}+{{ b }}{% endcall %}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}", "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
    "{% macro m(caller) %}{{ caller() }}{% endmacro %}{% call m() %}y{% endcall %}", "{% macro m(caller=none) %}{{ caller() if caller else 'no' }}{% endmacro %}{% call m() %}y{% endcall %}{{ m() }}", "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}{% call m() %}{{ s }}{% endcall %}", "{% macro outer() %}[{{ caller() }}]{% endmacro %}{% macro inner() %}({{ caller() }}){% endmacro %}{% call outer() %}{% call inner() %}x{% endcall %}{% endcall %}",
    "{% macro m() %}{{ kwargs }}{% endmacro %}{% call m(a=1) %}{% endcall %}", "{% call range(3) %}{% endcall %}", "{% macro m(a) %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}{% endmacro %}{{ m(1) }}", "{% macro m() %} x {% endmacro %}[{{ m()|trim }}]{{ m()|length }}{{ m() is string }}", "{% macro f(n) %}{{ n if n < 2 else f(n - 1)|int + f(n - 2)|int }}{% endmacro %}{{ f(8) }}",
    "{% macro m(t) %}{% for q in t %}{{ q.v }}{% if q.kids %}({{ m(q.kids) }}){% endif %}{% endfor %}{% endmacro %}{{ m(tree) }}", "{% for q in tree recursive %}{{ q.v }}{% if q.kids %}({{ loop(q.kids) }}){% endif %}{% endfor %}", "{% for q in tree recursive %}{{ loop.depth }}{{ loop.depth0 }}{{ loop.index }}{{ loop(q.kids) }}{% else %}-{% endfor %}", "{% for q in tree recursive %}{{ s }}{% set w = q.v %}{{ loop(q.kids) }}{{ w }}{% endfor %}", "{% for q in numbers %}{{ loop(numbers) }}{% endfor %}", "{% for q in tree if q.v != 2 recursive %}{{ q.v }}{{ loop(q.kids) }}{% endfor %}",
    "{% for q in numbers %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }};{% endfor %}", "{% for q in numbers %}{{ loop.previtem }}<{{ q }}>{{ loop.nextitem }};{% endfor %}", "{% for q in numbers %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }};{% endfor %}", "{% for q in numbers %}{{ loop.previtem.x }}{% endfor %}", "{% for q in users %}{{ loop.nextitem.name if not loop.last else 'end' }};{% endfor %}", "{% for q in numbers|map('string') %}{{ loop.length }}{{ loop.last }}{{ q }};{% endfor %}", "{% for q in numbers if q > 1 %}{{ loop.index }}/{{ loop.length }}{{ loop.last }}{{ loop.nextitem }};{% endfor %}",
    "{% for q in numbers %}{{ loop.nosuch }}{% endfor %}", "{% for q in numbers %}{{ loop['index'] }}{{ loop|length }}{% endfor %}", "{% for q in numbers %}{{ loop.depth }}{% endfor %}", "{% for q in range(5) %}{% if q == 1 %}{% continue %}{% endif %}{% if q == 3 %}{% break %}{% endif %}{{ q }}{% endfor %}", "{% for q in numbers %}{% break %}{% else %}else{% endfor %}", "{% for q in numbers %}{% continue %}{% else %}else{% endfor %}", "{% for q in numbers %}{{ q }}{% break %}{% else %}else{% endfor %}", "{% for q in numbers %}{{ q }}{% if loop.index == 2 %}{% break %}{% endif %}{% else %}else{% endfor %}", "{% for q in hollow %}x{% else %}else{% endfor %}", "{% for q in numbers if q > 9 %}x{% else %}else{% endfor %}",
    "{% set ns = namespace(on=true) %}{% for q in numbers if ns.on %}{{ q }}{% set ns.on = false %}{% endfor %}", "{% for r in numbers %}{% for q in range(r) if q != 1 %}{{ r }}{{ q }} {% endfor %}{% endfor %}", "{% for q in loop %}{% endfor %}", "{% for q in numbers %}{% for r in loop %}{{ r[0] }}{% endfor %}{% endfor %}", "{% set ns = namespace(l=none) %}{% for q in numbers %}{% set ns.l = loop %}{% endfor %}{{ ns.l.index }}{{ ns.l.last }}{{ ns.l }}",
    "{% for q in numbers %}{{ q }}{% if not loop.last %}, {% endif %}{% endfor %}", "{% for k, v in map|dictsort %}{{ k }}:{{ v }}{% if not loop.last %},{% endif %}{% endfor %}", "{% for q in 'ab' %}{% for r in 'cd' %}{{ q }}{{ r }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{{ range(3)() }}", "{{ namespace()() }}", "{{ (s.upper)() }}", "{% set f = s.upper %}{{ f() }}", "{{ numbers|map('nosuch')|list }}", "{{ raise_exception is callable }}",
    "{{ cycler() }}", "{{ joiner()() }}{{ joiner('x')() }}", "{{ range() }}", "{{ range('a') }}", "{{ range(1.5) }}", "{{ range(100001) }}", "{{ range(100000)|length }}", "{{ range(10 ** 9) }}", "{{ range(0, 5, 0) }}", "{{ range(5, 0, -2)|list }}", "{{ range(-3)|list }}", "{{ range(true)|list }}", "{{ range(missing) }}", "{{ range(1, 2, 3, 4) }}", "{{ range(stop=3) }}", "{{ lipsum is callable }}", "{{ cycler(1, 2).next() }}", "{{ cycler(1)() }}", "{{ strftime_now('%Y')() }}",
]

GROUPS["predicates"] = [
    "{{ " + "{0} is {1}".format(v, t) + " }}"
    for t in ("defined undefined none boolean true false integer float number string mapping sequence iterable "
              "callable escaped lower upper").split()
    for v in ("s empty nothing yes no i x numbers (1,) map range(2) map.items() missing map.missing namespace() range "
              "s.upper html|e (numbers|map('abs')) 'ABC' 'abc1' '1'").split()
] + exprs(r"""
    i is odd
    i is even
    x is odd
    3.0 is odd
    s is odd
    missing is even
    true is odd
    -3 is odd
    9 is divisibleby 3
    9 is divisibleby(2)
    9 is divisibleby 0
    9.0 is divisibleby 4.5
    s is divisibleby 2
    1 is eq 1.0
    1 is equalto '1'
    1 is ne 2
    1 is lt 2
    1 is lessthan 0
    1 is le 1
    1 is gt 0
    2 is greaterthan 3
    1 is ge 2
    1 is lt 'a'
    missing is eq missing
    1 is in numbers
    9 is in numbers
    'a' is in 'abc'
    1 is in 5
    1 is in missing
    none is sameas none
    true is sameas 1
    numbers is sameas numbers
    numbers is sameas [3, 1, 2]
    i is sameas 7
    nothing is sameas missing
    'upper' is filter
    'nosuch' is filter
    'tojson' is filter
    1 is filter
    [] is filter
    'odd' is test
    'nosuch' is test
    '==' is test
    none is test
    i is odd(1)
    i is divisibleby
    i is in(numbers)
    s is string(1)
    i is eq(7)
    i is ==
    users is sequence and users is not mapping
    map is mapping and map is iterable and map is sequence
    [1, 2, 3, 4]|select('odd')|list
    [1, 2, 3, 4]|select('>', 2)|list
    [1, 2, 3, 4]|select('<=', 2)|list
    [1, 2, 3, 4]|reject('==', 2)|list
    [1, 2, 3, 4]|reject('!=', 2)|list
    [1, 2, 3, 4]|select('>=', 3)|list
    [1, 2, 3, 4]|select('<', 2)|list
""")

GROUPS["globals"] = exprs(r"""
    range(3)
    range(3)|list
    range(1, 4)|list
    range(10, 0, -3)|list
    range(0)|list
    range(2, 1)|list
    range(100001)
    range(1.0)
    range('3')
    range()
    range(3, 0)|length
    dict()
    dict(a=1)
    dict({'a': 1}, b=2)
    dict([('a', 1), ['b', 2]])
    dict('ab')
    dict(['ab', 'cd'])
    dict(a=1).items()|list
    namespace()
    namespace(a=1).a
    namespace({'a': 1}).a
    namespace([('a', 1)], b=2)
    namespace(a=1) == namespace(a=1)
    namespace(a=1) is mapping
    namespace(a=1)|length
    namespace(a=1).missing
    namespace(a=1).missing.x
    cycler('a', 'b').current
    cycler()
    cycler('a').nosuch
    joiner().sep
    joiner('; ').sep
    joiner(sep='x').sep
    joiner(1, 2)
    strftime_now('%Y-%m-%d %H:%M:%S')
    raise_exception is defined
    raise_exception('a', 'b')
    raise_exception(msg='a')
    raise_exception([1, 'x'])
""") + ["{% set c = cycler(1, 2) %}{{ c.next() }}{{ c.next() }}{{ c.next() }}", "{% set ns = namespace(a=1) %}{% set ns.b = 2 %}{{ ns }}", "{% set d = dict(a=1) %}{% set d2 = dict(d, b=2) %}{{ d }}{{ d2 }}"]

GROUPS["filters"] = each(EVERYTHING, "{}|string") + each(EVERYTHING, "{}|int") + each(EVERYTHING, "{}|float") + each(EVERYTHING, "{}|default('D')") + each(EVERYTHING, "{}|default('D', true)") + each(EVERYTHING, "{}|escape") + exprs(r"""
    '42'|int
    ' 42 '|int
    '4_2'|int
    '4__2'|int
    '_42'|int
    '-42'|int
    '+ 42'|int
    '42.9'|int
    '-42.9'|int
    '1e3'|int
    'abc'|int
    'abc'|int(5)
    'abc'|int('x')
    ''|int
    '0x1A'|int
    '0x1A'|int(base=16)
    '1A'|int(0, 16)
    '0b101'|int(base=2)
    '0b101'|int(base=0)
    '0o17'|int(base=0)
    '010'|int(base=0)
    '00'|int(base=0)
    'zz'|int(base=36)
    'zz'|int(base=37)
    '12'|int(base=1)
    '5'|int(default=3, base=5)
    'inf'|int
    'nan'|int(7)
    1e400|int
    2.99|int
    -2.99|int
    true|int
    [1]|int(4)
    '1.5'|float
    ' -1.5e3 '|float
    '1_0.5'|float
    '1._5'|float
    'inf'|float
    '-Infinity'|float
    'nan'|float
    '.5'|float
    '5.'|float
    '.'|float
    '1e'|float
    '0x10'|float
    'abc'|float
    'abc'|float(2.5)
    'abc'|float(default='x')
    '1e999'|float
    '1e-999'|float
    none|float(1)
    5|float
    -5|abs
    -5.5|abs
    true|abs
    'a'|abs
    missing|abs
    2.5|round
    3.5|round
    -2.5|round
    0.5|round
    2.675|round(2)
    1.005|round(2)
    2.5|round(1)
    42.55|round(1, 'floor')
    42.55|round(1, 'ceil')
    42.55|round(method='ceil')
    42|round
    42|round(1)
    42|round(-1)
    45|round(-1)
    55|round(-1)
    -45|round(-1)
    1234.5|round(-2)
    1250.0|round(-2)
    1350.0|round(-2)
    42|round(0, 'floor')
    42.5|round(-1, 'ceil')
    1e20|round(2)
    1e300|round(5)
    5e-324|round(400)
    5e300|round(-400)
    1e400|round
    'a'|round
    missing|round
    2.5|round('a')
    2.5|round(1, 'up')
    true|round
    2.5|round(none)
    1|filesizeformat
    0|filesizeformat
    999|filesizeformat
    1000|filesizeformat
    1024|filesizeformat(true)
    123456789|filesizeformat
    123456789|filesizeformat(binary=true)
    1e26|filesizeformat
    1e30|filesizeformat
    '300'|filesizeformat
    'abc'|filesizeformat
    -5|filesizeformat
    'a'|default('b')
    ''|default('b')
    ''|default('b', true)
    ''|default('b', boolean=true)
    missing|default
    missing|d('x')
    none|default('x')
    false|default('x', true)
    0|default('x', 1)
    missing|default(missing)|default('y')
    missing.x|default('y')
    map.x|default('y')
    map.x.y|default('y')
    s|length
    s|count
    map|count
    5|count
    '<b>'|e
    '<b>&"\''|escape
    '<b>'|safe
    '<b>'|safe|e
    '<b>'|safe|forceescape
    5|safe
    ('<'|safe) + '<'
    '<' + ('<'|safe)
    ('<'|e) ~ '<'
    [('<'|safe), '<']|join
    '<'|safe|upper
    '<'|safe|string
    5|string ~ 5
    'a b&c/d=é'|urlencode
    {'a b': 'c&d', 'é': '/'}|urlencode
    [('a', 1), ('b', none)]|urlencode
    [1]|urlencode
    5|urlencode
    'a~b_c-d.e'|urlencode
    missing|urlencode
    map|attr('items') is callable
    s|attr('nosuch')
    users|attr(0)
    namespace(a=1)|attr('a')
    s|string|string
    s|upper(1)
    s|int(1, 2, 3)
    s|int(nosuch=1)
    s|default('a', default_value='b')
""")

GROUPS["filters_text"] = each("s padded u empty nothing i x numbers html missing", "{0}|capitalize ~ '|' ~ {0}|upper ~ '|' ~ {0}|lower ~ '|' ~ {0}|title ~ '|' ~ {0}|trim ~ '|' ~ {0}|wordcount") + exprs(r"""
    'foo bar-baz (qux) [x] {y} <z>'|title
    "they're ÉCOLE ß"|title
    'hello WORLD'|capitalize
    'ß'|capitalize
    '  a  '|trim
    'xxaxx'|trim('x')
    'xyaxy'|trim('yx')
    '  a'|trim(none)
    5|trim
    none|trim
    'a'|trim(5)
    'a'|trim(chars='a')
    'a-b-c'|replace('-', '+')
    'a-b-c'|replace('-', '+', 1)
    'a-b-c'|replace('-', '+', count=1)
    'a-b-c'|replace('-', '')
    'aaa'|replace('', '-')
    121|replace(1, 3)
    'a'|replace('a', none)
    'a'|replace('a')
    'a'|replace('a', 'b', none)
    '<a>'|replace('<', '&')
    [1, 2]|replace('1', 'x')
    'foo\nbar\n\nbaz'|indent
    'foo\nbar\n\nbaz'|indent(2)
    'foo\nbar\n\nbaz'|indent(2, true)
    'foo\nbar\n\nbaz'|indent(2, blank=true)
    'foo\nbar\n\nbaz'|indent(2, first=true, blank=true)
    'foo\nbar'|indent('>>')
    'foo\nbar'|indent(width='é', first=true)
    'foo\nbar\n'|indent(1)
    ''|indent(2, true)
    'a\r\nb\x0bc'|indent(1)
    'a\nb'|indent(0)
    'a\nb'|indent(-1)
    5|indent
    none|indent
    missing|indent
    ('<a>\n<b>'|safe)|indent(1) ~ '<'
    [1, 2, 3]|join
    [1, 2, 3]|join(', ')
    [1, none, missing, 'a']|join('-')
    'abc'|join('.')
    map|join(',')
    map.items()|join(',')
    users|join(', ', attribute='name')
    users|join(', ', 'age')
    users|join(attribute='addr.city')
    numbers|join(1)
    5|join
    none|join
    missing|join('x')
    [['a', 1], ['b', 2]]|join(',', attribute=0)
    hollow|join(',')
    (numbers|map('string'))|join
    'foo bar baz qux'|truncate(9)
    'foo bar baz qux'|truncate(9, true)
    'foo bar baz qux'|truncate(11)
    'foo bar baz qux'|truncate(11, false, '...', 0)
    'foo bar baz qux'|truncate(9, end='…')
    'foo bar baz qux'|truncate(9, leeway=0)
    'foobarbaz'|truncate(5, leeway=0)
    s|truncate(2)
    s|truncate(5, leeway=-1)
    s|truncate
    'é日本語 日本語'|truncate(5, true, '', 0)
    numbers|truncate
    5|truncate
    'a b  c_d é1 x-y'|wordcount
    ''|wordcount
    123|wordcount
    'abc'|center(9)
    'abc'|center(8)
    'abc'|center
    'abc'|center(width=5)
    5|center(4)
    '%s'|format(1)
    'a'|upper|lower|capitalize|title|trim
    s|center('a')
    ['b', 'a']|upper
    'straße'|upper
    'ΣΑΣ'|lower
""")

GROUPS["filters_sequence"] = exprs(r"""
    numbers|first
    numbers|last
    hollow|first
    hollow|last
    hollow|first is undefined
    s|first
    s|last
    map|first
    map|last
    range(3)|last
    missing|first
    missing|last
    5|first
    none|last
    (numbers|map('abs'))|first
    (numbers|map('abs'))|last
    numbers|reverse|list
    s|reverse
    u|reverse
    map|reverse|list
    map.items()|reverse|list
    range(3)|reverse|list
    (numbers|map('string'))|reverse|list
    5|reverse
    none|reverse
    missing|reverse|list
    numbers|list
    s|list
    map|list
    5|list
    none|list
    missing|list
    map|items|list
    missing|items|list
    map.missing|items|list
    5|items|list
    pairs|items|list
    map|items is iterable
    numbers|sort
    numbers|sort(true)
    numbers|sort(reverse=true)
    numbers|sort(reverse=none)
    letters|sort
    letters|sort(case_sensitive=true)
    letters|sort(true, true)
    users|sort(attribute='age')|map(attribute='name')|list
    users|sort(attribute='name')|map(attribute='name')|list
    users|sort(attribute='age,name')|map(attribute='name')|list
    users|sort(attribute='age', reverse=true)|map(attribute='name')|list
    users|sort(attribute='addr.city')|map(attribute='name')|list
    pairs|sort(attribute=1)|list
    pairs|sort(attribute='1')|list
    users|sort
    mixed|sort
    hollow|sort
    map|sort
    'hello'|sort
    5|sort
    [[2, 1], [1, 2], [1]]|sort
    ['é', 'z', 'E', 'É']|sort
    ['a', 'B', 'A', 'b']|sort
    [1, true, 0, false]|sort
    map|dictsort
    {'b': 1, 'A': 3, 'a': 2}|dictsort
    {'b': 1, 'A': 3, 'a': 2}|dictsort(true)
    {'b': 1, 'A': 3, 'a': 2}|dictsort(by='value')
    {'b': 1, 'A': 3, 'a': 2}|dictsort(false, 'value', true)
    {'b': 1, 'A': 3, 'a': 2}|dictsort(reverse=true)
    map|dictsort(by='nosuch')
    {1: 'a', 'b': 2}|dictsort
    pairs|dictsort
    missing|dictsort
    [1, 1, 2, 'a', 'A', 1.0]|unique|list
    ['a', 'A', 'b']|unique(true)|list
    users|unique(attribute='age')|map(attribute='name')|list
    [[1], [1]]|unique|list
    'hello'|unique|join
    hollow|unique|list
    5|unique|list
    numbers|min
    numbers|max
    letters|min
    letters|max
    letters|min(true)
    letters|max(case_sensitive=true)
    users|min(attribute='age')
    users|max(attribute='name')
    hollow|min
    hollow|max is undefined
    mixed|max
    5|min
    missing|min
    'hello'|max
    map|min
    numbers|sum
    [1.5, 2]|sum
    hollow|sum
    numbers|sum(start=10)
    users|sum(attribute='age')
    users|sum('age', 0.5)
    letters|sum
    letters|sum(start='')
    [[1], [2]]|sum(start=[])
    missing|sum
    5|sum
    [1, missing]|sum
    range(7)|batch(3)|list
    range(7)|batch(3, 'x')|list
    range(6)|batch(3, 'x')|list
    hollow|batch(3)|list
    range(3)|batch(0)|list
    range(3)|batch('a')|list
    'hello'|batch(2)|list
    5|batch(2)|list
    range(7)|slice(3)|list
    range(7)|slice(3, 'x')|list
    range(3)|slice(5)|list
    range(3)|slice(5, 'x')|list
    range(3)|slice(0)|list
    range(3)|slice(-1)|list
    hollow|slice(2)|list
    range(7)|batch(3)|map('list')|list
    range(5)|slice(2)|map('sum')|list
    range(5)|batch(2)|first
    numbers|sort|reverse|list|first
""")

GROUPS["filters_select"] = exprs(r"""
    users|map(attribute='name')|list
    users|map(attribute='addr.city')|list
    users|map(attribute='addr.city', default='?')|list
    users|map(attribute='addr', default='?')|list
    users|map(attribute='tags.0')|list
    users|map(attribute='nosuch')|list
    users|map('length')|list
    pairs|map(attribute=0)|list
    pairs|map('first')|list
    pairs|map(attribute='0')|list
    letters|map('upper')|join
    letters|map('replace', 'a', 'x')|list
    letters|map('default', 'x')|list
    numbers|map('round', method='floor')|list
    numbers|map()|list
    numbers|map(5)|list
    numbers|map('nosuch')|list
    numbers|map('nosuch') is iterable
    hollow|map('nosuch')|list
    hollow|map()|list
    users|map(attribute='name', nosuch=1)|list
    users|map(nosuch=1)|list
    5|map('abs')|list
    0|map('abs')|list
    none|map('abs')|list
    missing|map('abs')|list
    'abc'|map('upper')|list
    map|map('upper')|list
    map.values()|map('string')|list
    numbers|select|list
    mixed|select|list
    mixed|reject|list
    numbers|select('odd')|list
    numbers|reject('odd')|list
    numbers|select('gt', 1)|list
    numbers|select('in', [1, 2])|list
    numbers|select('divisibleby', 3)|list
    mixed|select('string')|list
    mixed|select('none')|list
    mixed|select('number')|list
    numbers|select('nosuch')|list
    hollow|select('nosuch')|list
    mixed|select('lt', 2)|list
    numbers|select('odd')|first
    5|select|list
    missing|select|list
    users|selectattr('addr')|map(attribute='name')|list
    users|rejectattr('addr')|map(attribute='name')|list
    users|selectattr('tags')|map(attribute='name')|list
    users|selectattr('age', 'equalto', 30)|map(attribute='name')|list
    users|selectattr('age', '==', 30)|map(attribute='name')|list
    users|selectattr('age', 'gt', 25)|map(attribute='name')|list
    users|selectattr('addr', 'defined')|map(attribute='name')|list
    users|rejectattr('addr', 'defined')|map(attribute='name')|list
    users|selectattr('addr', 'undefined')|map(attribute='name')|list
    users|selectattr('addr.city', 'equalto', 'Zug')|map(attribute='name')|list
    users|selectattr('name', 'in', ['Bob', 'Carl'])|map(attribute='age')|list
    users|rejectattr('name', 'in', 'Bob')|map(attribute='age')|list
    users|selectattr('addr.city.x')|list|length
    users|selectattr()|list
    users|selectattr('age', 'nosuch')|list
    users|selectattr('name', 'string')|list|length
    pairs|selectattr(1, 'eq', 2)|list
    pairs|selectattr('1', 'eq', 2)|list
    numbers|selectattr('x')|list
    users|selectattr('age', 'lt', 'x')|list
    users|groupby('age')
    users|groupby('age')|map('first')|list
    users|groupby('age')|map(attribute='grouper')|list
    users|groupby('age')|map(attribute='list')|map('length')|list
    users|groupby('name')|map('first')|list
    users|groupby('addr.city', default='none')|map('first')|list
    users|groupby('addr.city')|map('first')|list
    ['a', 'B', 'A', 'b']|groupby(0)|list
    [{'k': 'a'}, {'k': 'A'}, {'k': 'b'}]|groupby('k')
    [{'k': 'a'}, {'k': 'A'}, {'k': 'b'}]|groupby('k', case_sensitive=true)
    (users|groupby('age'))[0].grouper
    (users|groupby('age'))[0].list|length
    (users|groupby('age'))[0][1]|length
    pairs|groupby(1)
    hollow|groupby('x')
    users|groupby
    5|groupby('x')
""") + ["{% for g, l in users|groupby('age') %}{{ g }}:{{ l|map(attribute='name')|join(',') }};{% endfor %}"]
