// libzmq's CURVE already brings libsodium to every machine that runs Tenbin.
#include <sodium.h>
