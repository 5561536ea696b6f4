"""How templates are read: what follows from the language alone is put together once instead of at every page."""

from typing import Any

from django.template import Origin, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, TokenType, Variable
from django.template.context import Context
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from clinics.templatetags.ui import icon, markbrand, script

FIXED_TAGS = frozenset({icon, markbrand, script})
"""Tags of ours whose text follows from what is written in the template."""


class FixedNode(Node):
    """Neighbours whose text follows from the language alone: drawn once for each, then repeated."""

    def __init__(self, nodes: list[Node]) -> None:
        """Stand in for the nodes."""
        self.nodes = nodes
        self.token, self.origin = nodes[0].token, nodes[0].origin
        self.texts: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """Return the text in the language of the request."""
        language = get_language()
        text = self.texts.get(language)
        if text is None:
            text = self.texts[language] = SafeString("".join([str(node.render_annotated(context)) for node in self.nodes]))
        return text

    render_annotated = render


class _Joining(base.Loader):
    """What the cached loader asks for a template it does not know yet."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        """Read a template and join its fixed pieces."""
        template = super().get_template(template_name, skip)
        if not self.engine.debug:  # a page that shows where a template failed needs every node
            join_fixed(template.nodelist)
        return template


class Loader(cached.Loader, _Joining):
    """Django's cached loader, whose templates have their fixed pieces joined."""


def join_fixed(nodes: NodeList) -> None:
    """Replace neighbours that follow from the language alone by one node, here and in all lists within."""
    joined: list[Node] = []
    fixed: list[Node] = []
    for node in nodes:
        if is_fixed(node):
            fixed.append(node)
            continue
        joined += [*_joined(fixed), node]
        fixed = []
        for inner in _lists_of(node):
            join_fixed(inner)
    nodes[:] = [*joined, *_joined(fixed)]


def is_fixed(node: Node) -> bool:
    """Tell whether the text of a node follows from the template and the language, so from nothing a page is made with."""
    if isinstance(node, TextNode | LoadNode | CommentNode):
        return True
    if isinstance(node, TranslateNode):
        return not node.asvar and not node.noop and _is_written(node.filter_expression) and _is_written(node.message_context)
    if isinstance(node, BlockTranslateNode):
        fills = node.asvar or node.extra_context or node.countervar or node.plural
        return not fills and _is_written(node.message_context) and all(token.token_type == TokenType.TEXT for token in node.singular)
    if isinstance(node, URLNode):
        return not node.asvar and not node.args and not node.kwargs and _is_written(node.view_name)
    if isinstance(node, StaticNode):
        return node.varname is None and _is_written(node.path)
    if isinstance(node, SimpleNode):
        given = [*node.args, *node.kwargs.values()]
        return node.func in FIXED_TAGS and node.target_var is None and all(_is_written(one) for one in given)
    return False


def _is_written(value: FilterExpression | None) -> bool:
    """Tell whether a value stands in the template itself, without a filter."""
    if value is None:
        return True
    return not value.filters and (not isinstance(value.var, Variable) or value.var.lookups is None)


def _joined(nodes: list[Node]) -> list[Node]:
    """Return what stands in for fixed neighbours: at most one node; text alone stays text, which may stand before `extends`."""
    if all(isinstance(node, TextNode) for node in nodes):
        return nodes
    return [FixedNode(nodes)]


def _lists_of(node: Any) -> list[NodeList]:
    """Return the lists of nodes within a node."""
    if isinstance(node, IfNode):
        return [inner for _condition, inner in node.conditions_nodelists]
    found = (getattr(node, name, None) for name in node.child_nodelists)
    return [inner for inner in found if isinstance(inner, NodeList)]
