#include <algorithm>
#include <cmath>

#include "text/jinja/format.h"
#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

struct Directive {
  bool left = false;
  bool plus = false;
  bool space = false;
  bool alternate = false;
  bool zero = false;
  int64_t width = 0;
  int64_t precision = -1;
  char type = 0;
};

class Formatter {
 public:
  Formatter(Runtime& rt, const Value& format, const Value& args)
      : rt_(rt), format_(format.text()), markup_(format.as<TextObject>().markup), args_(args) {
    // What Python can subscript may serve as the mapping of %(name)s, and then need not be used up.
    switch (args.type()) {
      case Type::kList:
      case Type::kDict:
      case Type::kRange:
      case Type::kUndefined:
        is_mapping_ = true;
        break;
      default:
        break;
    }
  }

  std::string Run() {
    std::string out;
    while (pos_ < format_.size()) {
      const size_t percent = std::min(format_.find('%', pos_), format_.size());
      out += format_.substr(pos_, percent - pos_);
      pos_ = percent;
      if (pos_ < format_.size()) {
        ++pos_;
        One(&out);
      }
      rt_.Charge(1);
      rt_.CheckSize(static_cast<int64_t>(out.size()));
    }
    const size_t given = args_.is(Type::kTuple) ? args_.as<SequenceObject>().items.size() : 1;
    if (next_ < given && !is_mapping_ && !named_) {
      Fail("not all arguments converted during string formatting");
    }
    return out;
  }

 private:
  char Peek() const {
    if (pos_ >= format_.size()) Fail("incomplete format");
    return format_[pos_];
  }

  Value NextArg() {
    if (named_value_) return *named_value_;
    const bool tuple = args_.is(Type::kTuple);
    const size_t given = tuple ? args_.as<SequenceObject>().items.size() : 1;
    if (next_ >= given || named_) Fail("not enough arguments for format string");
    ++next_;
    return tuple ? args_.as<SequenceObject>().items[next_ - 1] : args_;
  }

  // %(name): looks the name up in the mapping.
  void Name() {
    if (!is_mapping_) Fail("format requires a mapping");
    ++pos_;
    const size_t begin = pos_;
    for (int depth = 1; depth > 0; ++pos_) {
      if (pos_ >= format_.size()) Fail("incomplete format key");
      if (format_[pos_] == '(') ++depth;
      if (format_[pos_] == ')') --depth;
    }
    const std::string_view key = format_.substr(begin, pos_ - 1 - begin);
    if (args_.is_undefined()) Fail("{}", args_.as<UndefinedObject>().Message());
    if (!args_.is(Type::kDict)) Fail("{} indices must be integers, not str", TypeName(args_));
    const Value* found = args_.as<DictObject>().dict.Find(key);
    if (found == nullptr) Fail("the mapping has no key '{}'", key);
    named_value_ = *found;
    named_ = true;
  }

  int64_t Number(bool* negative) {
    *negative = false;
    if (Peek() == '*') {
      ++pos_;
      Int i = 0;
      if (!GetInt(NextArg(), &i)) Fail("* wants int");
      if (i < -INT32_MAX || i > INT32_MAX) Fail("width or precision too big");
      *negative = i < 0;
      return static_cast<int64_t>(i < 0 ? -i : i);
    }
    int64_t n = 0;
    while (Peek() >= '0' && Peek() <= '9') {
      n = n * 10 + (format_[pos_++] - '0');
      if (n > INT32_MAX) Fail("width or precision too big");
    }
    return n;
  }

  void One(std::string* out) {
    Directive d;
    named_value_.reset();
    if (Peek() == '(') Name();
    for (bool more = true; more;) {
      switch (Peek()) {
        case '-':
          d.left = true;
          break;
        case '+':
          d.plus = true;
          break;
        case ' ':
          d.space = true;
          break;
        case '#':
          d.alternate = true;
          break;
        case '0':
          d.zero = true;
          break;
        default:
          more = false;
          continue;
      }
      ++pos_;
    }
    bool negative = false;
    d.width = Number(&negative);
    if (negative) d.left = true;
    if (Peek() == '.') {
      ++pos_;
      d.precision = Number(&negative);
      if (negative) d.precision = 0;
    }
    if (Peek() == 'h' || Peek() == 'l' || Peek() == 'L') ++pos_;
    d.type = Peek();
    ++pos_;
    if (d.type == '%') {
      *out += '%';
      return;
    }
    Convert(d, NextArg(), out);
  }

  void Convert(const Directive& d, const Value& v, std::string* out) {
    switch (d.type) {
      case 's':
        return Pad(d, Cut(d, markup_ ? EscapedStr(rt_, v) : Str(rt_, v)), out);
      case 'r':
        return Pad(d, Cut(d, Escaped(Repr(rt_, v))), out);
      case 'a':
        return Pad(d, Cut(d, Escaped(AsciiRepr(rt_, v))), out);
      case 'c':
        return Pad(d, Character(v), out);
      case 'd':
      case 'i':
      case 'u':
      case 'o':
      case 'x':
      case 'X':
        return Integer(d, v, out);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G': {
        double number = 0;
        if (v.is_undefined()) Fail("{}", v.as<UndefinedObject>().Message());
        if (!GetNumber(v, &number)) Fail("must be real number, not {}", TypeName(v));
        const std::string digits =
            FloatDigits(rt_, number, d.type, d.precision < 0 ? 6 : d.precision, d.alternate,
                        /*dot_zero=*/false);
        return Signed(d, std::signbit(number) && !std::isnan(number), "", digits, out);
      }
      default:
        Fail("unsupported format character '{}' ({:#x}) at index {}", d.type,
             static_cast<unsigned>(static_cast<uint8_t>(d.type)), pos_ - 1);
    }
  }

  std::string Escaped(std::string text) {
    return markup_ ? EscapeHtml(rt_, text) : std::move(text);
  }

  static std::string Cut(const Directive& d, std::string text) {
    if (d.precision >= 0) text.resize(ByteOffset(text, d.precision));
    return text;
  }

  std::string Character(const Value& v) {
    Int i = 0;
    if (v.is_str()) {
      if (v.as<TextObject>().length != 1) Fail("%c requires int or char");
      return v.text();
    }
    if (!GetInt(v, &i)) Fail("%c requires int or char");
    if (i < 0 || i > 0x10FFFF) Fail("%c arg not in range(0x110000)");
    std::string text;
    AppendCodePoint(static_cast<char32_t>(i), &text);
    return text;
  }

  void Integer(const Directive& d, const Value& v, std::string* out) {
    const bool decimal = d.type == 'd' || d.type == 'i' || d.type == 'u';
    Int i = 0;
    if (v.is_undefined()) Fail("{}", v.as<UndefinedObject>().Message());
    if (v.is(Type::kFloat) && decimal) {
      i = FloatToInt(v.real());
    } else if (!GetInt(v, &i)) {
      Fail("%{} format: {} is required, not {}", d.type, decimal ? "a real number" : "an integer",
           TypeName(v));
    }
    std::string digits = IntDigits(i, decimal ? 10 : d.type == 'o' ? 8 : 16, d.type == 'X');
    if (d.precision > static_cast<int64_t>(digits.size())) {
      rt_.CheckSize(d.precision);
      rt_.ChargeBytes(static_cast<size_t>(d.precision));
      digits.insert(0, static_cast<size_t>(d.precision) - digits.size(), '0');
    }
    const std::string prefix = d.alternate && !decimal ? std::string("0") + d.type : "";
    Signed(d, i < 0, prefix, digits, out);
  }

  void Signed(const Directive& d, bool negative, const std::string& prefix,
              const std::string& digits, std::string* out) {
    const std::string head = (negative ? "-" : d.plus ? "+" : d.space ? " " : "") + prefix;
    if (!d.zero || d.left) return Pad(d, head + digits, out);
    const int64_t width = d.width - static_cast<int64_t>(head.size());
    *out += head + Justified(rt_, digits, width, "0", '>');
  }

  void Pad(const Directive& d, const std::string& text, std::string* out) {
    *out += Justified(rt_, text, d.width, " ", d.left ? '<' : '>');
  }

  Runtime& rt_;
  const std::string_view format_;
  const bool markup_;
  const Value args_;
  bool is_mapping_ = false;
  bool named_ = false;  // a %(name) was seen
  std::optional<Value> named_value_;
  size_t pos_ = 0;
  size_t next_ = 0;
};

}  // namespace

Value PercentFormat(Runtime& rt, const Value& format, const Value& args) {
  return rt.Text(Formatter(rt, format, args).Run(), format.as<TextObject>().markup);
}

}  // namespace frugal::jinja
