"""The pages of the package: Sphinx's autodoc and napoleon, as the docstrings here want them."""

__all__ = ["setup"]

# Of other people's packages no page is at hand.
ELSEWHERE = r"(collections|numpy|pandas|keras|tensorflow|matplotlib)\..*"


def _settings(app, config):
    config.autodoc_mock_imports = ["keras", "tensorflow"]  # they take seconds to load
    config.add_module_names = False
    config.default_role = "code"  # docstrings have single back ticks
    config.html_domain_indices = False
    config.myst_ref_domains = ["std", "math"]  # `(noisy_sine)` is a page, not the function
    config.napoleon_numpy_docstring = False
    config.napoleon_use_rtype = False
    config.nitpick_ignore_regex = [("py:class", ELSEWHERE)]
    config.toc_object_entries_show_parents = "hide"


def _without_words(app, what, name, obj, skip, options):
    """Leave out what Python itself says of the fields of a named tuple."""
    return True if (obj.__doc__ or "").startswith("Alias for field number") else None


def setup(app):
    """Set the options of autodoc and napoleon, which `_config.yml` lists among the extensions."""
    app.connect("config-inited", _settings)
    app.connect("autodoc-skip-member", _without_words)
