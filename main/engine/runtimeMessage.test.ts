import { expect, test } from 'vitest';
import { saidBy } from './runtimeMessage.ts';

test.each([
  ['Load model from /a b/model.onnx failed:Protobuf parsing failed.', 'Protobuf parsing failed'],
  [
    '[ONNXRuntimeError] : 1 : FAIL : Load model from x.onnx failed:/src/core/graph/model.cc:182 onnxruntime::Model::Model(onnx::ModelProto&&, const PathString&) Unsupported model IR version: 99',
    'Unsupported model IR version: 99',
  ],
  [
    "Non-zero status code returned while running Reshape node. Name:'a' Status Message: /src/reshape_helper.h:47 onnxruntime::ReshapeHelper::ReshapeHelper(const TensorShape&, bool) input_size == size was false. The shapes do not fit.",
    "Non-zero status code returned while running Reshape node. Name:'a' Status Message: The shapes do not fit",
  ],
  ['No adapter.\n    at operator() (/build/dawn/BackendVk.cpp:368)\n', 'No adapter'],
  ["Node 'one\n\u0007two' is missing", "Node 'one two' is missing"],
  ['/src/a.cc:12 Run', 'no reason was given'],
  [' \n', 'no reason was given'],
])('%j', (message, said) => expect(saidBy(new Error(message))).toBe(said));

test('a message of any length is cut', () => {
  expect(saidBy('x'.repeat(5000))).toHaveLength(300);
});
