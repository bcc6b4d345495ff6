# The include path of the C stub; everything in it is headers.
CSTUB_CFLAGS := -Icstub/include
