"""Guests that begin from a template, and those that become one."""

import asyncio
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from vmnb.backends.qemu.disk.layers import chain, link_chain, new_layer, put_on_top
from vmnb.backends.qemu.files import Sockets, WorkFiles
from vmnb.backends.qemu.holding import Holding
from vmnb.backends.qemu.instants.half_done import noted
from vmnb.backends.qemu.instants.keeping import Kept
from vmnb.backends.qemu.instants.last_words import last_words, write_words
from vmnb.backends.qemu.instants.personal import (
    become_another,
    card_of_copy,
    login_key,
    require_agent,
)
from vmnb.backends.qemu.instants.saved import SavedGuest
from vmnb.backends.qemu.instants.template_key import template_key
from vmnb.backends.qemu.instants.templates import MAKING, Templates
from vmnb.backends.qemu.launch import planned_shape
from vmnb.backends.qemu.program.accelerator import find_accelerator
from vmnb.backends.qemu.program.qemu_img import create_layer
from vmnb.core.errors import BackendError, CloneError, DeadlineError, TemplateError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.lock import action_lock
from vmnb.core.names import host_name
from vmnb.core.network import NetworkConfig, NetworkMode
from vmnb.core.remarks import remark
from vmnb.core.sockets import connect
from vmnb.core.spec import COLD_BOOT, VmSpec
from vmnb.core.template import RESTORED_FROM, UNTOUCHED, Template
from vmnb.core.threads import in_thread

__all__ = [
    "BOOT_VARIABLE",
    "Restoring",
    "ask_for_prompt",
    "automatic",
    "check_template",
    "is_alone",
    "remark_origin",
]

BOOT_VARIABLE = "VMNB_BOOT"
"""Environment variable: where it is ``cold``, no template is made or used by itself."""

_SEED = "template-seed.iso"
_CONSOLE = "console.log"
_VARIABLES = "uefi-variables.qcow2"


async def check_template(spec: VmSpec) -> None:
    """Raise TemplateError where there is no template of the name that the spec has."""
    if spec.boot is not None and spec.boot != COLD_BOOT:
        await asyncio.to_thread(Templates().get, spec.boot)


class Restoring(Holding):
    """See :class:`~vmnb.core.template.Templating`."""

    async def template(self, handle: VmHandle, name: str | None) -> Template:
        """Save the guest into the cache, with its disk and what it was told at its first boot."""
        templates = Templates()
        async with action_lock(templates.locks, MAKING), self._turn(handle):
            key = await self._key(handle)
            by_itself = name is None
            name = name or _automatic_name(handle, key)
            kept = await asyncio.to_thread(templates.new, name)
            attachment = await self._live(handle)
            if (await attachment.execute("query-status"))["status"] == "running":
                await require_agent(handle)
            await asyncio.to_thread(templates.make_room)
            about = _about(handle, name, key, is_automatic=by_itself)
            complete = partial(_finish, kept, handle, about)
            await self._keep(handle, attachment, kept, "a template", complete)
            if by_itself:
                self._began(handle)
            return await asyncio.to_thread(templates.describe, name)

    async def touch(self, handle: VmHandle) -> None:
        """Remove the mark of a guest that nobody has been in."""
        await asyncio.to_thread(WorkFiles.of_handle(handle).untouched.unlink, missing_ok=True)

    async def templates(self) -> tuple[Template, ...]:
        """Read what is kept in the cache."""
        return await asyncio.to_thread(Templates().all)

    async def remove_template(self, name: str) -> None:
        """Remove it from the cache."""
        await asyncio.to_thread(lambda: Templates().get(name).remove())

    async def _start(self, handle: VmHandle) -> VmHandle:
        """Start a VM, the first time from a template where its spec says so and there is one."""
        handle = handle.without_extra(RESTORED_FROM, UNTOUCHED)  # how it ran before
        if "shape" in handle.extra or handle.spec.boot == COLD_BOOT:
            return await self._launch(handle)
        key = await self._key(handle)
        if handle.spec.boot is not None:
            return await self._restored(handle, await asyncio.to_thread(_named, handle, key))
        if os.environ.get(BOOT_VARIABLE) == COLD_BOOT:
            return await self._launch(handle)
        kept = await asyncio.to_thread(automatic, handle, key)
        if kept is None:
            return await self._boot_first(handle)
        try:
            started = await self._restored(handle, kept)
        except (TemplateError, CloneError, BackendError, DeadlineError, OSError) as error:
            if isinstance(error, TemplateError | CloneError):  # it will never be of use
                await asyncio.to_thread(kept.remove)
            remark(f"booted, since its template cannot be used: {str(error).splitlines()[0]}")
            return await self._launch(handle)
        self._began(started)
        return started

    async def _boot_first(self, handle: VmHandle) -> VmHandle:
        """Boot the first guest of its spec; where nobody else can reach it, it is untouched."""
        if not is_alone(handle.network):
            return await self._launch(handle)
        untouched = WorkFiles.of_handle(handle).untouched
        await asyncio.to_thread(untouched.touch, 0o600)
        return (await self._launch(handle)).with_extra({UNTOUCHED: "yes"})

    async def _restored(self, handle: VmHandle, kept: Kept) -> VmHandle:
        """Start a VM on the memory and the disk of a template, as a machine of its own."""
        before = await asyncio.to_thread(WorkFiles.of_handle(handle).overlay.resolve)
        started, facts = await self._laid_over(handle, kept)
        if facts["is_automatic"]:
            await asyncio.to_thread(ask_for_prompt, started)
        remark_origin(started)
        await asyncio.to_thread(before.unlink)
        return started

    async def _laid_over(self, handle: VmHandle, kept: Kept) -> tuple[VmHandle, dict[str, Any]]:
        """Do so, and keep what its disk was before, which it has again where that fails.

        What is known of the template is returned, too.
        """
        files = WorkFiles.of_handle(handle)
        before = await asyncio.to_thread(files.overlay.resolve)
        own = await asyncio.to_thread(login_key, handle)
        facts, saved = await in_thread(partial(_opened, kept), lambda opened: opened[1].close())
        try:
            async with noted(handle, is_nameless=True, layer=before.name):
                try:
                    await self._lay_out(files, kept, saved)
                    started = await self._launch(_like(handle, files, saved, facts), saved)
                    await self._become(
                        started,
                        saved.cards,
                        instead_of=facts["hostname"],
                        login=(facts["login"], own) if own and facts["login"] else None,
                    )
                except BaseException:
                    await finish(asyncio.to_thread(put_on_top, before, files.overlay))
                    raise
        except OSError as error:
            if isinstance(error, VmnbError):
                raise
            raise BackendError(
                f"cannot lay out the template {facts['name']!r} for {handle.name!r}: "
                f"{error.strerror}",
                hint="free some space, or choose another place with VMNB_HOME",
            ) from error
        finally:
            saved.close()
        return started, facts

    def _began(self, handle: VmHandle) -> None:
        """Hear that a VM began from the template of its spec, or became it."""

    async def _lay_out(self, files: WorkFiles, kept: Kept, saved: SavedGuest) -> None:
        """Give the VM of `files` what the guest of the template had, and a layer on its disk."""
        qemu = await self._qemu()
        disk = await asyncio.to_thread(_copied, kept, saved, files)
        top = new_layer(files.directory)
        await asyncio.to_thread(create_layer, top, qemu, disk)
        await asyncio.to_thread(put_on_top, top, files.overlay)

    async def _become(
        self,
        started: VmHandle,
        cards: tuple[str, ...],
        *,
        instead_of: str,
        login: tuple[str, str] | None = None,
        reseeds: bool = True,
    ) -> None:
        """Make the guest that woke up a machine of its own, or end it."""
        try:
            await become_another(
                started, cards, instead_of=instead_of, login=login, reseeds=reseeds
            )
        except BaseException:
            await finish((await self._attachments.require(started)).end(kill=True))
            raise

    async def _key(self, handle: VmHandle) -> str:
        qemu = await self._qemu()
        accelerator = await find_accelerator(qemu, self._probes)
        made_for = await asyncio.to_thread(planned_shape, handle, qemu, accelerator)
        return template_key(handle, qemu, made_for)


def is_alone(network: NetworkConfig) -> bool:
    """Return whether nobody reaches a guest by its network who has not asked us."""
    return not network.forwards and network.mode in (NetworkMode.USER, NetworkMode.NONE)


def _like(handle: VmHandle, files: WorkFiles, saved: SavedGuest, facts: dict[str, Any]) -> VmHandle:
    """Return the handle of a VM that was told, at its first boot, what the template was."""
    mac = card_of_copy(handle.network, own=handle.mac, before=handle.mac and saved.cards[0])
    seed = files.directory / _SEED if handle.seed_iso else None
    told = replace(handle, seed_iso=seed, mac=mac)
    return told.with_extra({RESTORED_FROM: str(facts["name"])})


def _automatic_name(handle: VmHandle, key: str) -> str:
    return f"{Path(handle.spec.image).name} {key[:8]}"


def automatic(handle: VmHandle, key: str) -> Kept | None:
    """Return the template that was made by itself for VMs like this one, if there is one."""
    kept = Templates().named(_automatic_name(handle, key))
    facts = kept.facts()
    return kept if facts and facts["key"] == key and facts["is_automatic"] else None


def _named(handle: VmHandle, key: str) -> Kept:
    """Return the template that the VM's spec names.

    Raises
    ------
    TemplateError
        There is none, or it is of another machine.
    """
    name = handle.spec.boot or ""
    kept = Templates().get(name)
    facts = kept.facts() or {}
    if facts.get("key") == key:
        return kept
    own = _about(handle, name, key, is_automatic=False)
    differing = [each for each in _COMPARED if facts.get(each) != own[each]]
    lines = [f"  {each}: it has {facts.get(each)}, asked for {own[each]}" for each in differing]
    raise TemplateError(
        "\n".join([f"{handle.name!r} cannot begin from the template {name!r}:", *lines])
        if lines
        else f"{handle.name!r} cannot begin from the template {name!r}: its network, cloud-init, "
        "image or QEMU is another than it was made with",
        hint="ask for a VM like the one that the template was made of",
    )


_COMPARED = ("image", "vcpus", "memory_mib", "disk_mib", "uefi", "ssh")


def _about(handle: VmHandle, name: str, key: str, *, is_automatic: bool) -> dict[str, Any]:
    spec = handle.spec
    return {
        "name": name,
        "key": key,
        "is_automatic": is_automatic,
        "time": datetime.now(UTC).isoformat(),
        "image": spec.image,
        "vcpus": spec.vcpus,
        "memory_mib": spec.memory_mib,
        "disk_mib": spec.disk_mib,
        "uefi": spec.uefi,
        "ssh": spec.ssh.user if spec.ssh else None,
        "hostname": host_name(spec.name),
        "login": login_key(handle),
    }


def _require_untouched(handle: VmHandle) -> None:
    """Raise TemplateError where somebody has been in the guest, up to this moment."""
    if not WorkFiles.of_handle(handle).untouched.exists():
        raise TemplateError(
            f"{handle.name!r} is no template for others: somebody has been in its guest",
            hint=f"where that is as you want it: VM.attach({handle.name!r}).template('ready')",
        )


def _finish(kept: Kept, handle: VmHandle, about: dict[str, Any], saved: SavedGuest) -> None:
    """Put what belongs to the guest beside its memory, and make a template of it."""
    if about["is_automatic"]:
        _require_untouched(handle)
    files, new = WorkFiles.of_handle(handle), kept.unfinished.directory
    link_chain(saved.layer, new)
    if handle.seed_iso is not None:
        shutil.copyfile(handle.seed_iso, new / _SEED)
    if files.uefi_variables.exists():
        shutil.copyfile(files.uefi_variables, new / _VARIABLES)
    said = last_words(files.console_log)
    if about["is_automatic"]:  # those that begin from it are asked for a prompt of their own
        said = said[: said.rfind(b"\n") + 1]
    write_words(new / _CONSOLE, said)
    for path in (new / _SEED, new / _VARIABLES):
        if path.exists():
            path.chmod(0o600)
    Templates().use(kept.unfinished)
    kept.finish(saved, about)


def _opened(kept: Kept) -> tuple[dict[str, Any], SavedGuest]:
    """Return what is known of a template, and its guest.

    Raises
    ------
    TemplateError
        It has been damaged since it was made, or was removed just now.
    """
    facts = kept.facts()
    try:
        Templates().use(kept)
        saved = kept.open(kept.directory)
    except (BackendError, OSError) as error:
        reason = error.message if isinstance(error, BackendError) else str(error)
        raise TemplateError(reason, hint="remove the template, and make it anew") from error
    return facts or {}, saved


def ask_for_prompt(handle: VmHandle) -> None:
    """Press Enter on the console, where nobody has been yet and the prompt has another's name."""
    with connect(Sockets.of_handle(handle).console) as console:
        console.sendall(b"\r")


def remark_origin(handle: VmHandle) -> None:
    """Let the VM's history say what it began from."""
    remark(f"from the template {handle.extra[RESTORED_FROM]!r}")


def _copied(kept: Kept, saved: SavedGuest, files: WorkFiles) -> Path:
    """Copy what the guest of the template had, and return the layer of its disk."""
    for layer in chain(saved.layer):  # a try before this one may have come so far
        (files.directory / layer.name).unlink(missing_ok=True)
    link_chain(saved.layer, files.directory)
    for name in (_SEED, _VARIABLES, _CONSOLE):
        if (kept.directory / name).exists():
            shutil.copy2(kept.directory / name, files.directory / name)
    return files.directory / saved.layer.name
