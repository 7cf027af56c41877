"""A YAML file as plain values, with the places of its keys.

A key is the text that is written, so that ``8080:`` and ``on:`` are what they look like.
"""

from collections.abc import Hashable
from typing import Any

import yaml

from vmnb.lab.places import KeyPath, Places

__all__ = ["YamlShapeError", "yaml_values"]

_VALUES_MAX = 100_000


class YamlShapeError(Exception):
    """What YAML allows and a lab file cannot be, with line and column from 1."""

    def __init__(self, message: str, node: yaml.Node) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1
        self.column = node.start_mark.column + 1


def yaml_values(text: str) -> tuple[dict[str, Any], Places, list[KeyPath]]:
    """Return the values, where each key and element stands, and the keys that stand twice.

    Raises
    ------
    yaml.YAMLError
        It is not YAML, or has tags that mean nothing here.
    YamlShapeError
        It is no mapping, has a key that is no text, refers to itself, or is endless.
    """
    reader = _Reader(text)
    try:
        node = reader.loader.get_single_node()
        if node is not None and not isinstance(node, yaml.MappingNode):
            raise YamlShapeError("this is no mapping", node)
        return ({} if node is None else reader.mapping(node, ())), reader.places, reader.twice
    finally:
        reader.loader.dispose()


class _Reader:
    def __init__(self, text: str) -> None:
        self.loader = yaml.SafeLoader(text)
        self.places: Places = {}
        self.twice: list[KeyPath] = []
        self._flat: set[yaml.Node] = set()
        self._within: set[yaml.Node] = set()

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        if node not in self._flat:  # what was merged into it may stand there twice
            self._find_twice(node, path)
            self.loader.flatten_mapping(node)
            self._flat.add(node)
        values = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlShapeError("a key is text, and this is not", key)
            at = (*path, str(key.value))
            self._note(at, key)
            values[str(key.value)] = self._value(value, at)
        return values

    def _find_twice(self, node: yaml.MappingNode, path: KeyPath) -> None:
        seen: set[Hashable] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                self.twice.append((*path, key.value))
            elif isinstance(key, yaml.ScalarNode):
                seen.add(key.value)

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self.loader.construct_object(node)
        if node in self._within:
            raise YamlShapeError("this stands in itself", node)
        self._within.add(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, path)
            return [self._element(each, (*path, i)) for i, each in enumerate(node.value)]
        finally:
            self._within.discard(node)

    def _element(self, node: yaml.Node, path: KeyPath) -> Any:
        self._note(path, node)
        return self._value(node, path)

    def _note(self, path: KeyPath, node: yaml.Node) -> None:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if len(self.places) > _VALUES_MAX:
            raise YamlShapeError("this makes the file too large", node)
