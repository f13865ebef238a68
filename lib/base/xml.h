/* xml.h -- anybody's text inside of XML and HTML. Internal. */
#ifndef MLI_XML_H
#define MLI_XML_H

#include "base/base.h"

/* The first `length` bytes, with what has a meaning there escaped, in quotation marks too; what is no UTF-8 letter, and control
 * characters, become question marks. */
void mli_xml_print(FILE *out, const char *text, size_t length);

#endif
