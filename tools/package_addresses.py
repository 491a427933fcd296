"""The addresses in the metadata of the package: those of _config.yml, where it has any."""

from pathlib import Path

import yaml
from hatchling.metadata.plugin.interface import MetadataHookInterface


class Addresses(MetadataHookInterface):
    """What hatchling asks for what pyproject.toml calls dynamic."""

    def update(self, metadata: dict) -> None:
        """Add the addresses."""
        config = yaml.safe_load(Path(self.root, "_config.yml").read_text("utf-8"))
        repository, website = config["repository"]["url"], config["html"]["baseurl"]
        urls = {"Repository": repository, "Documentation": website}
        metadata["urls"] = {name: address for name, address in urls.items() if address}
