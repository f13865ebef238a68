"""Writes tests/golden/csv: small awkward tables, and what pandas reads of each.

Run from the repository's root:  python tests/golden/make_csv.py          (pandas 3.1.1)

NAME.txt has a line a column: name, type, values, between tabs. Numbers as repr writes them, missing values as NA; of texts a newline is
\\n, a tab \\t, a backslash \\\\."""
import pathlib

import pandas as pd

here = pathlib.Path(__file__).parent / "csv"
here.mkdir(exist_ok=True)

tables = {
    "plain": (b"a,b,c\n1,2.5,x\n-3,1e-7,y\n0,,z\n", {}),
    "crlf_bom": (b"\xef\xbb\xbfid,name\r\n1,Ann\r\n2,\"B\r\nob\"\r\n", {}),
    "quotes": (b"a,b\n\"x, \"\"y\"\"\",1\n\"ab\"cd,2\n\"ab\"\"\"c\"d\",3\nin\"side,4\n'q',5\n\"\",6\n", {}),
    "missing": (b"a,b,c,d\nNA,1,x,\nnull,,n/a,\n#N/A,3,None,\nNaN,4,z,\n<NA>,5,nanny,\n-1.#IND,6,NULL,\n", {}),
    "question": (b"a,b\n?,1\n2,?\n", {"na_values": ["?"]}),
    "duplicates": (b"a,a,,a.1,a,b,,a\n1,2,3,4,5,6,7,8\n", {}),
    "widths": (b"i,big,huge,f\n1,9007199254740993,9223372036854775808,9007199254740993.5\n-2,-9223372036854775807,1,.5\n+3,0,2,5.\n", {}),
    "rounding": (b"x\n0.1\n2.2250738585072011e-308\n2.4703282292062328e-324\n1.7976931348623157e308\n6.631236846766476e-316\n"
                 b"9007199254740993\n123456789012345678\n8.988465674311580536566680e307\n0.000000000000000000000000000000000000123456789\n", {}),
    "infinite": (b"x,y\ninf,1e400\n-inf,1\nInfinity,-1e400\n1,0\n", {}),
    "blank_lines": (b"\n\na,b\n\n1,2\n\n\n3,4\n\n", {}),
    "comments": (b"# first\na,b\n#1,1\n1,2\n# 5,6\n3,4\n", {"comment": "#"}),
    "no_newline": (b"a,b\n1,2\n3,4", {}),
    "semicolons": (b"a;b;c\n1,5;2;x, y\n-0,25;3;z\n", {"sep": ";", "decimal": ","}),
    "tabs": (b"a\tb\n1\tx y\n2\t\"t\tt\"\n", {"sep": "\t"}),
    "no_header": (b"1,x\n2,y\n", {"header": None}),
    "skipped": (b"title\nmore\na,b\n1,2\n3,4\n5,6\n", {"skiprows": 2, "nrows": 2}),
    "chosen": (b"a,b,c\n1,2,3\n4,5,6\n", {"usecols": ["a", "c"]}),
    "mixed": (b"a,b,c\n1,True,2020-01-01\nx,False,2020-01-02\n2.5,True,\n", {}),
    "times": (b"t,u\n2020-01-31 12:30:00,2020-02-29\n1969-12-31 23:59:59,1900-01-01\n,\n", {"parse_dates": ["t", "u"]}),
    "constant": (b"a,b\n1,x\n1,x\n1,x\n1,x\n", {}),
    "all_missing": (b"a,b\n,1\n,2\n", {}),
    "one_column": (b"a\n1\n2\n\n3\n", {}),
    "hostile_names": (b"`touch x`,<script>alert(1)</script>,a b,%s%n\n1,2,3,4\n", {}),
    "utf8": ("na\u00efve,\u65e5\u672c\n\u00fc,\U0001f600\n\u00df,x\n".encode(), {}),
}


def text_of(v):
    return str(v).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


for name, (data, how) in tables.items():
    path = here / f"{name}.csv"
    path.write_bytes(data)
    lines = []
    frame = pd.read_csv(path, **how)
    for j, column in enumerate(frame.columns):
        v = frame.iloc[:, j]
        missing = v.isna()
        if pd.api.types.is_bool_dtype(v) or not (pd.api.types.is_numeric_dtype(v) or pd.api.types.is_datetime64_any_dtype(v)):
            kind, show = "text", text_of
        elif pd.api.types.is_datetime64_any_dtype(v):
            kind, show = "time", lambda t: str(t.value // 1000 if hasattr(t, "value") else t)
        elif pd.api.types.is_unsigned_integer_dtype(v):
            kind, show = "number", lambda t: repr(float(t))  # pandas has 64 bits without a sign for this; a frame has doubles
        elif pd.api.types.is_integer_dtype(v):
            kind, show = "integer", str
        else:
            kind, show = "number", lambda t: repr(float(t))
        named = f"x{column}" if isinstance(column, int) else text_of(column)
        lines.append("\t".join([named, kind] + ["NA" if m else show(x) for m, x in zip(missing, v)]) + "\n")
    (here / f"{name}.txt").write_bytes("".join(lines).encode())
