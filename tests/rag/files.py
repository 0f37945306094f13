"""Small files of the kinds that documents come in, made on the spot."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
from pypdf import PdfReader, PdfWriter

PICTURE = (
    b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
)


def pdf(pages: Sequence[Sequence[str] | None], *, title: str = "") -> bytes:
    """A PDF with lines of text on each page; None is a page that is a picture."""
    objects: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    font, picture = 3, 4
    objects[font] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects[picture] = PICTURE + b"\nstream\n\0\nendstream"
    kids = []
    for page in pages:
        number = max(objects) + 1
        if page is None:
            content = b"q 600 0 0 800 0 0 cm /Im0 Do Q"
        else:
            shown = [line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(") for line in page]
            shown = [line.replace(b")", b"\\)") for line in shown]
            content = b"BT /F1 12 Tf 14 TL 50 750 Td " + b" ".join(b"(" + x + b") Tj T*" for x in shown) + b" ET"
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {number + 1} 0 R /Resources "
            f"<< /Font << /F1 {font} 0 R >> /XObject << {f'/Im0 {picture} 0 R' if page is None else ''} >> >> >>"
        ).encode()
        objects[number + 1] = f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"
        kids.append(f"{number} 0 R")
    objects[2] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = {}
    for number in sorted(objects):
        places[number] = out.tell()
        out.write(f"{number} 0 obj\n".encode() + objects[number] + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{places[number]:010} 00000 n \n".encode() for number in sorted(objects)))
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode())
    return rewritten(out.getvalue(), title=title) if title else out.getvalue()


def rewritten(
    data: bytes, *, title: str = "", password: str | None = None, marks: Mapping[str, int] | None = None
) -> bytes:
    """The same PDF with a title, a password, or bookmarks to pages from 0."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.append(PdfReader(io.BytesIO(data)))
    if title:
        writer.add_metadata({"/Title": title})
    for text, page in (marks or {}).items():
        writer.add_outline_item(title=text, page_number=page)
    if password is not None:
        writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def word(*blocks: tuple[str, str] | list[list[str]], title: str = "") -> bytes:
    """A .docx file of paragraphs as (style, text), and of tables."""
    document, out = docx.Document(), io.BytesIO()
    document.core_properties.title = title
    for block in blocks:
        if isinstance(block, tuple):
            document.add_paragraph(block[1], style=block[0])
        else:
            table = document.add_table(len(block), len(block[0]))
            for cells, row in zip(block, table.rows, strict=True):
                for text, cell in zip(cells, row.cells, strict=True):
                    cell.text = text
    document.save(out)
    return out.getvalue()


def packed(files: Mapping[str, bytes | str]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
