"""Reads what a .tflite file asks an interpreter to compute."""

import dataclasses

from ai_edge_litert import schema_py_generated as schema

from keras_fer.errors import ExportError

# What a file of this package is made of; anything else is Flex or custom.
_OPERATOR_NAMES = {
    value: name
    for name, value in vars(schema.BuiltinOperator).items()
    if not name.startswith("_")
}
_TYPE_NAMES = {
    value: name
    for name, value in vars(schema.TensorType).items()
    if not name.startswith("_")
}
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclasses.dataclass(frozen=True)
class Operator:
    """One step of the graph.

    Attributes:
        name: as the schema spells it, such as "CONV_2D"; for an operation
            outside it "CUSTOM " and its own name.
        inputs: type names of its inputs, such as "INT8", weights included.
        outputs: type names of its outputs.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_operators(content):
    """Every operation of a model, in the order of execution.

    Args:
        content: `bytes` of a whole .tflite file.

    Returns:
        A tuple of `Operator`.
    """
    model = schema.Model.GetRootAsModel(content, 0)
    codes = [
        model.OperatorCodes(index)
        for index in range(model.OperatorCodesLength())
    ]
    found = []
    for graph_index in range(model.SubgraphsLength()):
        graph = model.Subgraphs(graph_index)
        types = [
            _TYPE_NAMES[graph.Tensors(index).Type()]
            for index in range(graph.TensorsLength())
        ]
        for index in range(graph.OperatorsLength()):
            operator = graph.Operators(index)
            inputs, outputs = (
                # -1 stands for an operand that is left out, such as a bias.
                tuple(types[tensor] for tensor in tensors if tensor >= 0)
                for tensors in (
                    operator.InputsAsNumpy(),
                    operator.OutputsAsNumpy(),
                )
            )
            name = _name(codes[operator.OpcodeIndex()])
            found.append(Operator(name, inputs, outputs))
    return tuple(found)


def read_signatures(content):
    """Signature name -> (input names, output names), as tuples."""
    model = schema.Model.GetRootAsModel(content, 0)
    found = {}
    for index in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(index)
        found[signature.SignatureKey().decode()] = tuple(
            tuple(names(number).Name().decode() for number in range(count))
            for names, count in (
                (signature.Inputs, signature.InputsLength()),
                (signature.Outputs, signature.OutputsLength()),
            )
        )
    return found


def check_operators(content, model_format):
    """Refuses what a phone cannot run, or what is not what its name says.

    Args:
        content: `bytes` of a whole .tflite file.
        model_format: one of the export's formats: "int8" must have integer
            convolutions and dense layers, "full_int8" nothing but integers
            until its last step.

    Raises:
        ExportError: naming the operations.
    """
    operators = read_operators(content)
    foreign = {
        operator.name
        for operator in operators
        if operator.name.startswith("CUSTOM")
    }
    if foreign:
        raise ExportError(
            f"{model_format}: operations that LiteRT has not, and no phone "
            f"can run: {', '.join(sorted(foreign))}. Build the network from "
            "layers that TensorFlow Lite's built-in operations express."
        )
    wrong = []
    if model_format == "int8":
        wrong = [
            operator
            for operator in operators
            if operator.name in WEIGHTED and operator.outputs != ("INT8",)
        ]
    if model_format == "full_int8":
        wrong = [
            operator
            for operator in operators[:-1]
            if "FLOAT32" in operator.inputs + operator.outputs
        ]
    if wrong:
        names = sorted({operator.name for operator in wrong})
        raise ExportError(
            f"{model_format}: {len(wrong)} operations stayed in float32: "
            f"{', '.join(names)}. The converter cannot quantise them; choose "
            "another format, or another layer."
        )


def _name(code):
    # Files of before 2020 know the first 127 operations only by this field.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _OPERATOR_NAMES.get(number, f"UNKNOWN {number}")
    custom = code.CustomCode()
    return f"{name} {custom.decode()}" if custom else name
