// Which variable a name means. Jinja decides that when it compiles a template; this pass decides
// the same way and gives every name a slot, so that no name is looked up while rendering.
//
// As in Jinja, a scope (a loop's body, a macro, a with, filter or set block) sees the variables
// around it, and what it sets is its own; an if is no scope. A name that nothing in sight sets
// comes from the context.
#pragma once

#include "text/jinja/ast.h"

namespace frugal::jinja {

// Fills every slot and scope of `tree`. Throws Failure for unknown filters and tests outside an
// if, and for assignments to `loop` inside a loop.
void ResolveScopes(Template* tree);

}  // namespace frugal::jinja
