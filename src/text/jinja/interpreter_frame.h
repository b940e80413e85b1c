// Guards of the interpreter's state, shared by its three files.
#pragma once

#include <type_traits>

#include "text/jinja/interpreter.h"

namespace frugal::jinja {

// Points `*place` elsewhere for a while.
template <typename T>
class Redirect {
 public:
  Redirect(T* place, std::type_identity_t<T> to) : place_(place), before_(*place) { *place = to; }
  ~Redirect() { *place_ = before_; }
  Redirect(const Redirect&) = delete;
  Redirect& operator=(const Redirect&) = delete;

 private:
  T* const place_;
  const T before_;
};

class Interpreter::Frame {
 public:
  // `home` is the activation of the function around this one.
  Frame(Interpreter& interpreter, const Function& function, Activation* home)
      : interpreter_(interpreter), before_(interpreter.current_) {
    interpreter.ChargeBytes(static_cast<size_t>(function.slots) * sizeof(Value));
    if (++interpreter.calls_ > interpreter.limits_.max_calls) {
      --interpreter.calls_;
      FailLimit("calls are nested more than {} deep; does a macro call itself without end?",
                interpreter.limits_.max_calls);
    }
    activation_ = &own_;
    if (function.has_inner) {
      interpreter.kept_.emplace_back();
      activation_ = &interpreter.kept_.back();
    }
    activation_->parent = home;
    activation_->slots.assign(static_cast<size_t>(function.slots), Value::Missing());
    interpreter.current_ = activation_;
  }
  ~Frame() {
    interpreter_.current_ = before_;
    --interpreter_.calls_;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  Interpreter& interpreter_;
  Activation* const before_;
  Activation own_;
  Activation* activation_;
};

}  // namespace frugal::jinja
