// GPT-2's bijection between bytes and printable characters: byte-level vocabularies are stored
// as text in which each character stands for one byte ("Ġthe" is " the").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace frugal {

// The character that stands for `byte`.
uint32_t ByteLevelChar(uint8_t byte);

// Bytes to their printable form.
std::string ToByteLevel(std::string_view bytes);

// Printable form to bytes; nullopt when a character stands for no byte.
std::optional<std::string> FromByteLevel(std::string_view text);

}  // namespace frugal
