"""A model made fast: exported to ONNX, fused, its activations evened out, its weights int8, its agreement with fp32 measured.

Runs in a helper process: it loads torch, sentence-transformers and onnx.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.embedding import cache
from workbench.analyses.embedding.engines import Onnx, Torch, tokenizer_of, unit
from workbench.analyses.embedding.models import read_json
from workbench.analyses.embedding.texts import calibration_texts, comparison_texts

_PRODUCTS = ("MatMul", "Attention")
_MOST_DIFFERENCE = 1e-3
"""Of a component between the fp32 graph and sentence-transformers; more means that the graph is not this model."""


def prepare(head: dict[str, Any]) -> dict[str, Any]:
    """Make what is missing in `head["place"]`; the other fields are those of Recipe, and the model's folder.

    Raises ValueError when the exported graph does not give the model's own vectors.
    """
    made = cache.publish(Path(head["place"]), lambda part: _write(part, head))
    return {"folder": str(made.folder)}


def _write(part: Path, head: dict[str, Any]) -> tuple[cache.Agreement, float]:
    transformer, pooling, max_tokens = Path(head["transformer"]), str(head["pooling"]), int(head["max_tokens"])
    tokenizer = transformer / "tokenizer.json"
    plain, fused = part / "fp32.onnx", part / "fused.onnx"
    smooth, quantised = part / "smooth.onnx", part / "int8.onnx"
    _export(transformer, plain)
    texts = comparison_texts()
    exact = unit(Torch(Path(head["folder"]), max_tokens).embed(texts))
    same = unit(Onnx(plain, tokenizer, pooling, max_tokens).embed(texts[:32]))
    difference = float(np.abs(same - exact[:32]).max())
    if not difference <= _MOST_DIFFERENCE:
        raise ValueError(f"the exported graph differs from the model by {difference:.2g}")
    _fuse_safely(
        plain, fused, transformer, lambda: Onnx(fused, tokenizer, pooling, max_tokens).embed(texts[:32]), exact[:32]
    )
    _smooth(fused, smooth, tokenizer, max_tokens)
    _quantise(smooth, quantised)
    fused.unlink()
    smooth.unlink()
    fast = unit(Onnx(quantised, tokenizer, pooling, max_tokens).embed(texts))
    return cache.agreement(exact, fast), difference


def _export(transformer: Path, to: Path) -> None:
    """The transformer with its hidden states [batch, tokens, d] as the one output."""
    import inspect

    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(
        str(transformer),
        attn_implementation="eager",
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    ).eval()
    names = ["input_ids", "attention_mask"]
    if "token_type_ids" in inspect.signature(model.forward).parameters:
        names.append("token_type_ids")

    class Hidden(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(names, inputs, strict=True))).last_hidden_state

    ids = torch.full((2, 8), 5, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0  # a mask without a gap could be traced away
    with torch.no_grad():
        torch.onnx.export(
            Hidden(),
            (ids, mask, torch.zeros_like(ids))[: len(names)],
            str(to),
            input_names=names,
            output_names=["hidden"],
            dynamic_axes={name: {0: "batch", 1: "tokens"} for name in (*names, "hidden")},
            opset_version=17,
            dynamo=False,
        )


def _fuse_safely(
    plain: Path, to: Path, transformer: Path, vectors: Callable[[], NDArray[np.float32]], same: NDArray[np.float32]
) -> None:
    """The fused graph where it can be made and its `vectors` are the `same` unit vectors [n, d], else the plain one."""
    try:
        _fuse(plain, to, transformer)
        difference = float(np.abs(unit(vectors()) - same).max())
        why = "" if difference <= _MOST_DIFFERENCE else f"its vectors differ by {difference:.2g}"
    except Exception as error:  # an optimiser that knows some architectures, on a graph of any
        why = repr(error)
    if why:
        print(f"the graph is not fused: {why}")  # noqa: T201 -- into stderr's tail
        shutil.copyfile(plain, to)


def _fuse(plain: Path, to: Path, transformer: Path) -> None:
    """Each attention as one node, each activation function with its bias; what is not recognised stays as it is.

    The sum before a normalisation stays apart from it: as one node they take ONNX Runtime three times as long. The same
    texts in turns, on one core: 1.2 times as many as with the graph as exported.
    """
    import onnx
    from onnx import helper
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    config = read_json(transformer / "config.json", {})
    fused = optimizer.optimize_model(
        str(plain),
        model_type="bert",
        num_heads=int(config.get("num_attention_heads", 0)),
        hidden_size=int(config.get("hidden_size", 0)),
        optimization_options=FusionOptions("bert"),
        opt_level=0,
    ).model
    nodes: list[Any] = []
    for node in fused.graph.node:
        if node.op_type != "SkipLayerNormalization":
            nodes.append(node)
            continue
        total, skip, scale, shift, *bias = node.input
        for place, other in enumerate([*bias, skip]):
            added = f"{node.output[0]}_sum{place}"
            nodes.append(helper.make_node("Add", [total, other], [added], name=f"{node.name}/sum{place}"))
            total = added
        epsilon = next(one.f for one in node.attribute if one.name == "epsilon")
        norm = helper.make_node("LayerNormalization", [total, scale, shift], [node.output[0]], name=f"{node.name}/norm")
        norm.attribute.extend([helper.make_attribute("epsilon", epsilon)])
        nodes.append(norm)
    del fused.graph.node[:]
    fused.graph.node.extend(nodes)
    if all(one.domain != "com.microsoft" for one in fused.opset_import):
        fused.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(fused, str(to))


def _smooth(plain: Path, to: Path, tokenizer: Path, max_tokens: int) -> None:
    """Divide the inputs of each product with weights by the root of their largest values, channel by channel.

    The weights' rows are multiplied by the same, so the graph computes the same function; but one range for all
    channels of an activation then fits them all (the idea of SmoothQuant, Xiao et al. 2023, without its term for the
    weights). Measured on 300 questions: Spearman of the cosines .9912 without, .9974 with it.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(plain))
    weights = {one.name: one for one in model.graph.initializer}
    readers: dict[str, int] = {}
    for node in model.graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    used: dict[str, list[Any]] = {}
    for node in model.graph.node:  # weights that several layers share cannot fit the inputs of each
        if node.op_type in _PRODUCTS and node.input[1] in weights and readers[node.input[1]] == 1:
            used.setdefault(node.input[0], []).append(node)
    largest = _largest(model, list(used), to, tokenizer, max_tokens)
    for number, (name, nodes) in enumerate(used.items()):
        scale = np.sqrt(np.maximum(largest[name], 1e-3))
        scale = (scale / np.exp(np.log(scale).mean())).astype(np.float32)
        for weight in {node.input[1] for node in nodes}:
            scaled = numpy_helper.to_array(weights[weight]) * scale[:, None]
            weights[weight].CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), weight))
        model.graph.initializer.append(numpy_helper.from_array(1 / scale, f"smooth_{number}"))
        names = {node.name for node in nodes}
        first = next(at for at, node in enumerate(model.graph.node) if node.name in names)
        product = helper.make_node("Mul", [name, f"smooth_{number}"], [f"smoothed_{number}"], name=f"smooth/{number}")
        model.graph.node.insert(first, product)
        for node in nodes:
            node.input[0] = f"smoothed_{number}"
    onnx.save(model, str(to))


def _largest(
    model: Any, names: list[str], at: Path, tokenizer: Path, max_tokens: int
) -> dict[str, NDArray[np.float32]]:
    """The largest absolute value of each channel of some activations, over the calibration texts."""
    import onnx
    import onnxruntime
    from onnx import helper

    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    for name in names:
        probe.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    onnx.save(probe, str(at))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(at), options, providers=["CPUExecutionProvider"])
    inputs = [one.name for one in session.get_inputs()]
    words = tokenizer_of(tokenizer, max_tokens)
    found: dict[str, NDArray[np.float32]] = {}
    for encoding in words.encode_batch(calibration_texts()):
        feeds = {"input_ids": encoding.ids, "attention_mask": encoding.attention_mask}
        feeds["token_type_ids"] = encoding.type_ids
        feed = {name: np.array([feeds[name]], dtype=np.int64) for name in inputs}
        for name, value in zip(names, session.run(names, feed), strict=True):
            most = np.abs(value.reshape(-1, value.shape[-1])).max(axis=0)
            found[name] = np.maximum(found[name], most) if name in found else most
    return found


def _quantise(plain: Path, to: Path) -> None:
    """Weights of products to seven bits, each output channel with a range of its own; activations when it runs.

    With eight bits the product saturates on x86 cores without VNNI, so vectors would depend on the machine; unsigned
    weights do not saturate but run a fifth slower there (Spearman on 300 questions: .9963 with eight bits, .9974 with
    seven, .9987 unsigned).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(plain),
        str(to),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=list(_PRODUCTS),
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
