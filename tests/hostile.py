"""What a guest may write that would make a terminal do more than draw, by what it would do."""

__all__ = ["ESC", "REFUSED"]

ESC = "\x1b"
REFUSED = {
    "clipboard": f"{ESC}]52;c;ZXZpbA==\x07",
    "clipboard, asked for": f"{ESC}]52;c;?{ESC}\\",
    "title": f"{ESC}]0;evil\x07{ESC}]2;evil{ESC}\\",
    "title stack and its report": f"{ESC}[22;0t{ESC}[21t{ESC}[20t{ESC}[18t",
    "window moved": f"{ESC}[3;0;0t",
    "link": f"{ESC}]8;;https://evil.example\x07{ESC}]8;;\x07",
    "file": f"{ESC}]1337;File=name=ZXZpbA==:ZXZpbA==\x07",
    "notification": f"{ESC}]9;evil\x07{ESC}]777;notify;evil;evil\x07",
    "colours, asked for and changed": f"{ESC}]4;1;?\x07{ESC}]10;?\x07{ESC}]11;#000000\x07",
    "setting, asked for": f"{ESC}P$qm{ESC}\\",
    "capability, asked for": f"{ESC}P+q544e{ESC}\\",
    "picture": f"{ESC}Pq#0;2;0;0;0~{ESC}\\",
    "program, privacy, start of string": f"{ESC}_evil{ESC}\\{ESC}^evil{ESC}\\{ESC}Xevil{ESC}\\",
    "attributes": f"{ESC}[>c{ESC}[=c{ESC}Z",
    "version": f"{ESC}[>q",
    "mode, asked for": f"{ESC}[?2004$p{ESC}[4$p",
    "private status": f"{ESC}[?6n{ESC}[?15n{ESC}[?996n",
    "parameters, checksum": f"{ESC}[x{ESC}[1;1;1;1;2;2*y",
    "keyboard's protocol": f"{ESC}[?u{ESC}[>1u{ESC}[>4;2m",
    "printer": f"{ESC}[5i{ESC}[?5i{ESC}[4i",
    "answerback": "\x05",
    "another encoding": f"{ESC}%@",
    "older terminal, wider one, reports that come by themselves": f"{ESC}[?2l{ESC}[?3h{ESC}[?2048h",
    "lights": f"{ESC}[1q",
    "in eight bits": "\x9d52;c;ZXZpbA==\x9c\x9b21t\x90$qm\x9c",
    "with a character inside": f"{ESC}\x05]52;c;ZXZpbA==\x07{ESC}[2\x051t",
    "counted for minutes": f"{ESC}[2147483647b{ESC}[999999999999S",
}
