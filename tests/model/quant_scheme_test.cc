#include "model/quant_scheme.h"

#include <nlohmann/json.hpp>

#include "tests/model/stored_test_util.h"

namespace frugal {
namespace {

struct Read {
  QuantScheme scheme;
  Status status;
};

Read ReadConfig(const std::string& quantization) {
  const Checkpoint checkpoint =
      HfConfig(quantization.empty()
                   ? R"({"model_type": "llama"})"
                   : R"({"model_type": "llama", "quantization_config": )" + quantization + "}");
  ConfigReader config(checkpoint, "llama");
  Read read{ReadQuantScheme(config), config.status()};
  if (read.status.ok()) read.status = config.CheckAllRead();
  return read;
}

// A golden's quantization_config with the value at a JSON pointer put in or replaced.
std::string With(const std::string& name, const std::string& pointer, const std::string& value) {
  std::ifstream file(TestData("stored/" + name + "/config.json"));
  nlohmann::json config = nlohmann::json::parse(file)["quantization_config"];
  config[nlohmann::json::json_pointer(pointer)] = nlohmann::json::parse(value);
  return config.dump();
}

TEST(QuantScheme, NoneWithoutAConfiguration) {
  EXPECT_EQ(ReadConfig("").scheme.method, QuantMethod::kNone);
  EXPECT_EQ(ReadConfig("null").scheme.method, QuantMethod::kNone);
  EXPECT_TRUE(ReadConfig("").status.ok());
  const Checkpoint gguf = GgufConfig(TinyGguf("llama"));
  ConfigReader config(gguf, "llama");
  EXPECT_EQ(ReadQuantScheme(config).method, QuantMethod::kNone);
  EXPECT_TRUE(config.status().ok());
}

// As the files of these makers have it.
TEST(QuantScheme, PublishedConfigurations) {
  const Read deepseek = ReadConfig(
      R"({"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8",
          "scale_fmt": "ue8m0", "weight_block_size": [128, 128]})");
  ASSERT_TRUE(deepseek.status.ok()) << deepseek.status.message();
  EXPECT_EQ(deepseek.scheme.method, QuantMethod::kFp8);
  EXPECT_EQ(deepseek.scheme.groups[0].sharing, ScaleSharing::kBlock);
  EXPECT_EQ(deepseek.scheme.groups[0].block_cols, 128);
  EXPECT_TRUE(deepseek.scheme.groups[0].is_float);

  const Read minimax = ReadConfig(
      R"({"activation_scheme": "dynamic", "fmt": "float8_e4m3fn", "quant_method": "fp8",
          "weight_block_size": [128, 128], "modules_to_not_convert": ["gate", "lm_head"]})");
  ASSERT_TRUE(minimax.status.ok()) << minimax.status.message();
  EXPECT_EQ(minimax.scheme.ignore, (std::vector<std::string>{"gate", "lm_head"}));

  const Read kimi = ReadConfig(
      R"({"config_groups": {"group_0": {"input_activations": null, "output_activations": null,
            "targets": ["Linear"], "weights": {"actorder": null, "block_structure": null,
              "dynamic": false, "group_size": 32, "num_bits": 4, "observer": "minmax",
              "observer_kwargs": {}, "strategy": "group", "symmetric": true, "type": "int"}}},
          "format": "pack-quantized", "ignore": ["lm_head", "re:.*self_attn.*"],
          "kv_cache_scheme": null, "quant_method": "compressed-tensors",
          "quantization_status": "compressed"})");
  ASSERT_TRUE(kimi.status.ok()) << kimi.status.message();
  ASSERT_EQ(kimi.scheme.groups.size(), 1u);
  EXPECT_EQ(kimi.scheme.groups[0].bits, 4);
  EXPECT_EQ(kimi.scheme.groups[0].group_size, 32);
  EXPECT_TRUE(kimi.scheme.groups[0].symmetric);

  const Read qwen = ReadConfig(
      R"({"bits": 4, "group_size": 128, "damp_percent": 0.01, "desc_act": false,
          "static_groups": false, "sym": true, "true_sequential": true,
          "model_name_or_path": null, "model_file_base_name": "model", "quant_method": "gptq"})");
  ASSERT_TRUE(qwen.status.ok()) << qwen.status.message();
  EXPECT_EQ(qwen.scheme.method, QuantMethod::kGptq);
  EXPECT_FALSE(qwen.scheme.gptq_zero_as_is);
}

TEST(QuantScheme, WhatChangesTheResultIsRefusedByName) {
  const struct {
    const char* name;
    const char* pointer;
    const char* value;
    const char* key;
  } cases[] = {
      {"fp8-static", "/quant_method", "\"bitsandbytes\"", "quant_method"},
      {"fp8-static", "/quant_method", "null", "quant_method"},
      {"fp8-static", "/fmt", "\"e5m2\"", "fmt"},
      {"fp8-static", "/expert_dtype", "\"fp4\"", "expert_dtype"},
      {"fp8-static", "/weight_block_size", "[128]", "weight_block_size"},
      {"fp8-static", "/weight_block_size", "[128, 0]", "weight_block_size"},
      {"fp8-static", "/weight_block_size", "[-128, 128]", "weight_block_size"},
      {"fp8-static", "/weight_block_size", "[99999999999, 128]", "weight_block_size"},
      {"fp8-static", "/hadamard", "true", "hadamard"},
      {"fp8-static", "/modules_to_not_convert", "[1]", "modules_to_not_convert"},
      {"ct-int4-128", "/format", "\"nvfp4-pack-quantized\"", "format"},
      {"ct-int4-128", "/quantization_status", "\"frozen\"", "quantization_status"},
      {"ct-int4-128", "/sparsity_config/format", "\"sparse-24-bitmask\"", "sparsity_config.format"},
      {"ct-int4-128", "/transform_config/config_groups", "{\"a\": {\"type\": \"hadamard\"}}",
       "transform_config.config_groups.a.type"},
      {"ct-int4-128", "/config_groups", "{}", "config_groups"},
      {"ct-int4-128", "/config_groups/group_0/weights", "null", "group_0.weights"},
      {"ct-int4-128", "/config_groups/group_0/weights/num_bits", "3", "num_bits"},
      {"ct-int4-128", "/config_groups/group_0/weights/type", "\"float\"", "num_bits"},
      {"ct-int4-128", "/config_groups/group_0/weights/group_size", "0", "group_size"},
      {"ct-int4-128", "/config_groups/group_0/weights/strategy", "\"tensor_group\"", "strategy"},
      {"ct-int4-128", "/config_groups/group_0/weights/dynamic", "true", "dynamic"},
      {"ct-int4-128", "/config_groups/group_0/weights/rotation", "1", "weights.rotation"},
      {"ct-int8", "/config_groups/group_0/weights/symmetric", "false", "symmetric"},
      {"awq-32", "/bits", "3", "bits"},
      {"awq-32", "/version", "\"gemv\"", "version"},
      {"awq-32", "/zero_point", "false", "zero_point"},
      {"awq-32", "/group_size", "0", "group_size"},
      {"gptq-128", "/bits", "3", "bits"},
      {"gptq-128", "/group_size", "0", "group_size"},
      {"gptq-128", "/group_size", "-2", "group_size"},
      {"gptq-128", "/checkpoint_format", "\"marlin\"", "checkpoint_format"},
      {"gptq-128", "/is_marlin_format", "true", "is_marlin_format"},
      {"gptq-128", "/dynamic", "{\"-:lm_head\": {\"bits\": 8}}", "dynamic"},
      {"mxfp4", "/block_size", "16", "block_size"}};
  for (const auto& [name, pointer, value, key] : cases) {
    const Read read = ReadConfig(With(name, pointer, value));
    EXPECT_FALSE(read.status.ok()) << name << " " << pointer << " " << value;
    EXPECT_NE(read.status.message().find(std::string("quantization_config.")), std::string::npos)
        << read.status.message();
    EXPECT_NE(read.status.message().find(key), std::string::npos) << read.status.message();
  }
}

TEST(QuantScheme, PacksWhatItsListsDoNotName) {
  QuantScheme fp8{.method = QuantMethod::kFp8,
                  .groups = {{}},
                  .ignore = {"gate", "model.layers.3", "layers.*.broken(", "model.vision.*"}};
  EXPECT_TRUE(Packs(fp8, "model.layers.0.mlp.gate_proj"));
  EXPECT_FALSE(Packs(fp8, "model.layers.0.mlp.gate"));
  EXPECT_FALSE(Packs(fp8, "model.layers.3.mlp.up_proj"));
  EXPECT_TRUE(Packs(fp8, "model.layers.31.mlp.up_proj"));
  EXPECT_FALSE(Packs(fp8, "model.vision_tower.blocks.0.fc1"));
  QuantScheme ct{.method = QuantMethod::kCompressedTensors,
                 .groups = {{}},
                 .ignore = {"lm_head", "re:.*self_attn.*", "re:(a+)+$"}};
  EXPECT_FALSE(Packs(ct, "lm_head"));
  EXPECT_TRUE(Packs(ct, "model.lm_head"));
  EXPECT_FALSE(Packs(ct, "model.layers.0.self_attn.q_proj"));
  EXPECT_TRUE(Packs(ct, "model.layers.0.mlp.up_proj"));
  EXPECT_TRUE(Packs(ct, std::string(200, 'a') + "b")) << "a pattern that takes for ever";
  EXPECT_FALSE(Packs(QuantScheme{}, "lm_head"));
}

}  // namespace
}  // namespace frugal
