/*
 * names.c - the names of both networks' classes, and their relations.
 *
 * The detector's are COCO's 80, with the model's numbers and COCO's supercategory as the wider
 * kind. The table below says which of the classifier's are kinds of those. It keeps the two
 * networks from contradicting each other, and gives a fine name its wider ones. ImageNet's numbers
 * are in the order of its synsets, so kinds of animals are adjacent.
 */
#include "vision/names.h"

#include <stdint.h>

/* clang-format off */
enum { /* the numbers that COCO has left out have no class */
    PERSON, BICYCLE, CAR, MOTORCYCLE, AIRPLANE, BUS, TRAIN, TRUCK, BOAT, TRAFFIC_LIGHT,
    FIRE_HYDRANT, STOP_SIGN = 12, PARKING_METER, BENCH, BIRD, CAT, DOG, HORSE, SHEEP, COW, ELEPHANT,
    BEAR, ZEBRA, GIRAFFE, BACKPACK = 26, UMBRELLA, HANDBAG = 30, TIE, SUITCASE, FRISBEE, SKIS,
    SNOWBOARD, SPORTS_BALL, KITE, BASEBALL_BAT, BASEBALL_GLOVE, SKATEBOARD, SURFBOARD,
    TENNIS_RACKET, BOTTLE, WINE_GLASS = 45, CUP, FORK, KNIFE, SPOON, BOWL, BANANA, APPLE, SANDWICH,
    ORANGE, BROCCOLI, CARROT, HOT_DOG, PIZZA, DONUT, CAKE, CHAIR, COUCH, POTTED_PLANT, BED,
    DINING_TABLE = 66, TOILET = 69, TV = 71, LAPTOP, MOUSE, REMOTE, KEYBOARD, CELL_PHONE, MICROWAVE,
    OVEN, TOASTER, SINK, REFRIGERATOR, BOOK = 83, CLOCK, VASE, SCISSORS, TEDDY_BEAR, HAIR_DRIER,
    TOOTHBRUSH,
};
/* clang-format on */

/* A text of a literal, as a constant expression. */
#define T(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

const struct detected_name detected_names[NAMES_DETECTED] = {
    [PERSON] = {T("Person"), {0}, {T("Human")}},
    [BICYCLE] = {T("Bicycle"), T("Vehicle"), {T("Bike")}},
    [CAR] = {T("Car"), T("Vehicle"), {T("Automobile")}},
    [MOTORCYCLE] = {T("Motorcycle"), T("Vehicle"), {T("Motorbike")}},
    [AIRPLANE] = {T("Airplane"), T("Vehicle"), {T("Aeroplane"), T("Plane")}},
    [BUS] = {T("Bus"), T("Vehicle"), {{0}}},
    [TRAIN] = {T("Train"), T("Vehicle"), {{0}}},
    [TRUCK] = {T("Truck"), T("Vehicle"), {{0}}},
    [BOAT] = {T("Boat"), T("Vehicle"), {T("Ship")}},
    [TRAFFIC_LIGHT] = {T("Traffic Light"), T("Outdoor"), {T("Traffic Signal")}},
    [FIRE_HYDRANT] = {T("Fire Hydrant"), T("Outdoor"), {{0}}},
    [STOP_SIGN] = {T("Stop Sign"), T("Outdoor"), {{0}}},
    [PARKING_METER] = {T("Parking Meter"), T("Outdoor"), {{0}}},
    [BENCH] = {T("Bench"), T("Outdoor"), {{0}}},
    [BIRD] = {T("Bird"), T("Animal"), {{0}}},
    [CAT] = {T("Cat"), T("Animal"), {{0}}},
    [DOG] = {T("Dog"), T("Animal"), {{0}}},
    [HORSE] = {T("Horse"), T("Animal"), {{0}}},
    [SHEEP] = {T("Sheep"), T("Animal"), {{0}}},
    [COW] = {T("Cow"), T("Animal"), {T("Cattle")}},
    [ELEPHANT] = {T("Elephant"), T("Animal"), {{0}}},
    [BEAR] = {T("Bear"), T("Animal"), {{0}}},
    [ZEBRA] = {T("Zebra"), T("Animal"), {{0}}},
    [GIRAFFE] = {T("Giraffe"), T("Animal"), {{0}}},
    [BACKPACK] = {T("Backpack"), T("Accessory"), {T("Rucksack")}},
    [UMBRELLA] = {T("Umbrella"), T("Accessory"), {{0}}},
    [HANDBAG] = {T("Handbag"), T("Accessory"), {T("Purse")}},
    [TIE] = {T("Tie"), T("Accessory"), {{0}}},
    [SUITCASE] = {T("Suitcase"), T("Accessory"), {T("Luggage")}},
    [FRISBEE] = {T("Frisbee"), T("Sports"), {T("Flying Disc")}},
    [SKIS] = {T("Skis"), T("Sports"), {{0}}},
    [SNOWBOARD] = {T("Snowboard"), T("Sports"), {{0}}},
    [SPORTS_BALL] = {T("Sports Ball"), T("Sports"), {{0}}},
    [KITE] = {T("Kite"), T("Sports"), {{0}}},
    [BASEBALL_BAT] = {T("Baseball Bat"), T("Sports"), {{0}}},
    [BASEBALL_GLOVE] = {T("Baseball Glove"), T("Sports"), {{0}}},
    [SKATEBOARD] = {T("Skateboard"), T("Sports"), {{0}}},
    [SURFBOARD] = {T("Surfboard"), T("Sports"), {{0}}},
    [TENNIS_RACKET] = {T("Tennis Racket"), T("Sports"), {{0}}},
    [BOTTLE] = {T("Bottle"), T("Kitchen"), {{0}}},
    [WINE_GLASS] = {T("Wine Glass"), T("Kitchen"), {{0}}},
    [CUP] = {T("Cup"), T("Kitchen"), {{0}}},
    [FORK] = {T("Fork"), T("Kitchen"), {{0}}},
    [KNIFE] = {T("Knife"), T("Kitchen"), {{0}}},
    [SPOON] = {T("Spoon"), T("Kitchen"), {{0}}},
    [BOWL] = {T("Bowl"), T("Kitchen"), {{0}}},
    [BANANA] = {T("Banana"), T("Food"), {{0}}},
    [APPLE] = {T("Apple"), T("Food"), {{0}}},
    [SANDWICH] = {T("Sandwich"), T("Food"), {{0}}},
    [ORANGE] = {T("Orange"), T("Food"), {{0}}},
    [BROCCOLI] = {T("Broccoli"), T("Food"), {{0}}},
    [CARROT] = {T("Carrot"), T("Food"), {{0}}},
    [HOT_DOG] = {T("Hot Dog"), T("Food"), {{0}}},
    [PIZZA] = {T("Pizza"), T("Food"), {{0}}},
    [DONUT] = {T("Donut"), T("Food"), {T("Doughnut")}},
    [CAKE] = {T("Cake"), T("Food"), {{0}}},
    [CHAIR] = {T("Chair"), T("Furniture"), {{0}}},
    [COUCH] = {T("Couch"), T("Furniture"), {T("Sofa")}},
    [POTTED_PLANT] = {T("Potted Plant"), T("Furniture"), {T("Houseplant")}},
    [BED] = {T("Bed"), T("Furniture"), {{0}}},
    [DINING_TABLE] = {T("Dining Table"), T("Furniture"), {{0}}},
    [TOILET] = {T("Toilet"), T("Furniture"), {{0}}},
    [TV] = {T("TV"), T("Electronics"), {T("Television")}},
    [LAPTOP] = {T("Laptop"), T("Electronics"), {T("Notebook")}},
    [MOUSE] = {T("Mouse"), T("Electronics"), {T("Computer Mouse")}},
    [REMOTE] = {T("Remote"), T("Electronics"), {T("Remote Control")}},
    [KEYBOARD] = {T("Keyboard"), T("Electronics"), {T("Computer Keyboard")}},
    [CELL_PHONE] = {T("Cell Phone"), T("Electronics"), {T("Mobile Phone")}},
    [MICROWAVE] = {T("Microwave"), T("Appliance"), {{0}}},
    [OVEN] = {T("Oven"), T("Appliance"), {{0}}},
    [TOASTER] = {T("Toaster"), T("Appliance"), {{0}}},
    [SINK] = {T("Sink"), T("Appliance"), {{0}}},
    [REFRIGERATOR] = {T("Refrigerator"), T("Appliance"), {T("Fridge")}},
    [BOOK] = {T("Book"), T("Indoor"), {{0}}},
    [CLOCK] = {T("Clock"), T("Indoor"), {{0}}},
    [VASE] = {T("Vase"), T("Indoor"), {{0}}},
    [SCISSORS] = {T("Scissors"), T("Indoor"), {{0}}},
    [TEDDY_BEAR] = {T("Teddy Bear"), T("Indoor"), {{0}}},
    [HAIR_DRIER] = {T("Hair Drier"), T("Indoor"), {T("Hair Dryer")}},
    [TOOTHBRUSH] = {T("Toothbrush"), T("Indoor"), {{0}}},
};

/* clang-format off */
static const struct {
    short first, last, detected;
} WIDER[] = {
    {7, 24, BIRD}, {80, 100, BIRD}, {127, 146, BIRD}, {151, 268, DOG}, {281, 285, CAT},
    {294, 297, BEAR}, {339, 339, HORSE}, {340, 340, ZEBRA}, {345, 345, COW}, {348, 348, SHEEP},
    {385, 386, ELEPHANT}, {404, 404, AIRPLANE}, {407, 407, CAR}, {409, 409, CLOCK},
    {414, 414, BACKPACK}, {423, 423, CHAIR}, {429, 430, SPORTS_BALL}, {436, 436, CAR},
    {440, 440, BOTTLE}, {444, 444, BICYCLE}, {451, 451, TIE}, {457, 457, TIE}, {466, 466, TRAIN},
    {468, 468, CAR}, {472, 472, BOAT}, {484, 484, BOAT}, {487, 487, CELL_PHONE}, {499, 499, KNIFE},
    {504, 504, CUP}, {508, 508, KEYBOARD}, {510, 510, BOAT}, {511, 511, CAR},
    {522, 522, SPORTS_BALL}, {530, 530, CLOCK}, {532, 532, DINING_TABLE}, {547, 547, TRAIN},
    {554, 554, BOAT}, {555, 555, TRUCK}, {559, 559, CHAIR}, {564, 564, BED}, {569, 569, TRUCK},
    {574, 574, SPORTS_BALL}, {576, 576, BOAT}, {589, 589, HAIR_DRIER}, {609, 609, CAR},
    {620, 620, LAPTOP}, {625, 625, BOAT}, {627, 627, CAR}, {628, 628, BOAT}, {651, 651, MICROWAVE},
    {654, 654, BUS}, {656, 656, CAR}, {659, 659, BOWL}, {661, 661, CAR}, {665, 665, MOTORCYCLE},
    {670, 670, MOTORCYCLE}, {671, 671, BICYCLE}, {673, 673, MOUSE}, {675, 675, TRUCK},
    {681, 681, LAPTOP}, {703, 703, BENCH}, {704, 704, PARKING_METER}, {705, 705, TRAIN},
    {717, 717, TRUCK}, {720, 720, BOTTLE}, {722, 722, SPORTS_BALL}, {737, 737, BOTTLE},
    {748, 748, HANDBAG}, {751, 751, CAR}, {752, 752, TENNIS_RACKET}, {760, 760, REFRIGERATOR},
    {761, 761, REMOTE}, {765, 765, CHAIR}, {768, 768, SPORTS_BALL}, {779, 779, BUS},
    {780, 780, BOAT}, {795, 795, SKIS}, {805, 805, SPORTS_BALL}, {809, 809, BOWL}, {814, 814, BOAT},
    {817, 817, CAR}, {820, 820, TRAIN}, {829, 829, TRAIN}, {831, 831, COUCH},
    {850, 850, TEDDY_BEAR}, {851, 851, TV}, {852, 852, SPORTS_BALL}, {859, 859, TOASTER},
    {861, 861, TOILET}, {864, 864, TRUCK}, {867, 867, TRUCK}, {871, 871, BOAT}, {874, 874, BUS},
    {879, 879, UMBRELLA}, {883, 883, VASE}, {890, 890, SPORTS_BALL}, {892, 892, CLOCK},
    {896, 896, SINK}, {898, 898, BOTTLE}, {906, 906, TIE}, {907, 907, BOTTLE}, {910, 910, SPOON},
    {914, 914, BOAT}, {917, 917, BOOK}, {920, 920, TRAFFIC_LIGHT}, {921, 921, BOOK},
    {933, 933, SANDWICH}, {934, 934, HOT_DOG}, {937, 937, BROCCOLI}, {948, 948, APPLE},
    {950, 950, ORANGE}, {954, 954, BANANA}, {963, 963, PIZZA}, {968, 968, CUP}, {981, 983, PERSON},
};
/* clang-format on */

static const struct {
    short first, last;
    dime_text parent;
} PARENTS[] = {
    {0, 397, T("Animal")},  {924, 957, T("Food")},   {959, 969, T("Food")},
    {984, 990, T("Plant")}, {991, 997, T("Fungus")},
};

int names_wider(size_t classified)
{
    for (size_t i = 0; i < sizeof WIDER / sizeof *WIDER; i++) {
        if (classified >= (size_t)WIDER[i].first && classified <= (size_t)WIDER[i].last)
            return WIDER[i].detected;
    }
    return -1;
}

dime_text names_parent(size_t classified)
{
    for (size_t i = 0; i < sizeof PARENTS / sizeof *PARENTS; i++) {
        if (classified >= (size_t)PARENTS[i].first && classified <= (size_t)PARENTS[i].last)
            return PARENTS[i].parent;
    }
    return TEXT("");
}

/* A number of a zip archive, little-endian; beyond the end 0, which matches nothing. */
static size_t zip_number(dime_text file, size_t at, size_t bytes)
{
    size_t value = 0;
    if (at > file.length || file.length - at < bytes)
        return 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | (unsigned char)file.data[at + i - 1];
    return value;
}

enum {
    ZIP_END_LENGTH = 22, /* PKWARE's APPNOTE, section 4.3.16 */
    ZIP_END = 0x06054B50,
    ZIP_ENTRY = 0x02014B50, /* 4.3.12 */
    ZIP_LOCAL_LENGTH = 30,  /* 4.3.7 */
    ZIP_LOCAL = 0x04034B50,
};

/* The archive's only entry, which must be stored without compression; else data is NULL. */
static dime_text find_list(dime_text file)
{
    dime_text none = {0};
    size_t end = file.length - ZIP_END_LENGTH;
    if (file.length < ZIP_END_LENGTH || zip_number(file, end, 4) != ZIP_END)
        return none;
    size_t entry = zip_number(file, end + 16, 4);
    if (zip_number(file, entry, 4) != ZIP_ENTRY || zip_number(file, entry + 10, 2) != 0)
        return none;
    size_t length = zip_number(file, entry + 24, 4), local = zip_number(file, entry + 42, 4);
    if (zip_number(file, local, 4) != ZIP_LOCAL)
        return none;
    size_t at = local + ZIP_LOCAL_LENGTH + zip_number(file, local + 26, 2) +
                zip_number(file, local + 28, 2);
    if (at > file.length || length > file.length - at)
        return none;
    return (dime_text){file.data + at, length};
}

bool names_read(dime_text file, dime_text names[NAMES_CLASSIFIED])
{
    dime_text list = find_list(file), name;
    size_t count = 0;
    if (!list.data)
        return false;
    while (text_cut(&list, '\n', &name) && text_trim(name).length) {
        if (count == NAMES_CLASSIFIED)
            return false;
        names[count++] = text_trim(name);
    }
    return count == NAMES_CLASSIFIED;
}
